import { describe, expect, it } from '@jest/globals'
import { createServer } from 'node:net'
import { placesOf, requireAnswering } from './given-servers.ts'
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

describe('given servers', () => {
  it('are found behind URLs and lists of brokers', () => {
    expect(placesOf('postgres', 'postgres://u:p@[::1]/d')).toEqual([{ host: '::1', port: 5432 }])
    expect(placesOf('kafka', 'a:1, b')).toEqual([
      { host: 'a', port: 1 },
      { host: 'b', port: 9092 },
    ])
    expect(placesOf('elasticsearch', 'https://e')).toEqual([{ host: 'e', port: 443 }])
  })

  it('must answer, one broker of several at least; the message names the setting and no password', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    await requireAnswering({ kafka: `127.0.0.1:1,127.0.0.1:${port}` })
    await new Promise(resolve => server.close(resolve))
    const error = await requireAnswering({ postgres: 'postgres://u:secret@127.0.0.1:1/d' }).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ code: 'stack.given_unreachable', where: '127.0.0.1:1' })
    expect((error as Error).message).toContain('HEADRACE_POSTGRES_URL')
  })
})
