import { describe, expect, it } from '@jest/globals'
import { readEnvironment } from './environment.ts'
import { addressEnvironment } from './stack.ts'

describe('addresses', () => {
  it('are written as they are read', () => {
    const addresses = { postgres: 'postgres://h/d', kafka: 'a:1,b:2', elasticsearch: 'http://h:1' }
    const { postgresUrl, kafkaBrokers, elasticsearchUrl } = readEnvironment(addressEnvironment(addresses))
    expect({ postgres: postgresUrl, kafka: kafkaBrokers, elasticsearch: elasticsearchUrl }).toEqual(addresses)
  })

  it('that are empty count as not given', () => {
    expect(readEnvironment({ HEADRACE_POSTGRES_URL: '' }).postgresUrl).toBeUndefined()
  })
})
