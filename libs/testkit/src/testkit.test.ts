import { describe, expect, it } from '@jest/globals'
import { execFileSync } from 'node:child_process'
import { backendEnvironment, backends } from './backends.ts'
import { nodeCommand } from './node-command.ts'
import { seededRandom, testSeed } from './random.ts'
import { uniqueName } from './unique-name.ts'
import { waitFor } from './wait-for.ts'

describe('backends', () => {
  it('reads the addresses', () => {
    const given = {
      HEADRACE_POSTGRES_URL: 'postgres://h/d',
      HEADRACE_KAFKA_BROKERS: 'a:1,b:2',
      HEADRACE_ELASTICSEARCH_URL: 'http://h:1/',
    }
    const found = backends(given)
    expect(found.kafkaBrokers).toEqual(['a:1', 'b:2'])
    expect(found.elasticsearchUrl).toBe('http://h:1')
    expect(backendEnvironment(found)).toEqual({ ...given, HEADRACE_ELASTICSEARCH_URL: 'http://h:1' })
  })

  it('throws for an absent backend only when that one is asked for', () => {
    const found = backends({ HEADRACE_KAFKA_BROKERS: 'a:1', HEADRACE_POSTGRES_URL: '' })
    expect(found.kafkaBrokers).toEqual(['a:1'])
    expect(() => found.postgresUrl).toThrow(/HEADRACE_POSTGRES_URL is not set/)
    expect(() => found.elasticsearchUrl).toThrow(/HEADRACE_ELASTICSEARCH_URL is not set/)
  })
})

describe('uniqueName', () => {
  it('is unique and fits Postgres, Kafka and Elasticsearch', () => {
    const names = Array.from({ length: 1000 }, () =>
      uniqueName('Some Long Prefix/with everything in it, and more', '_'),
    )
    expect(new Set(names).size).toBe(1000)
    for (const name of names) expect(name).toMatch(/^[a-z0-9_]{1,63}$/)
  })
})

describe('waitFor', () => {
  it('gives what the condition gives at last', async () => {
    let asked = 0
    expect(await waitFor(() => (++asked < 3 ? undefined : 'here'), { what: 'it', everyMs: 1 })).toBe('here')
    expect(asked).toBe(3)
  })

  it('accepts 0 and empty text as answers', async () => {
    expect(await waitFor(() => 0, { what: 'a number' })).toBe(0)
    expect(await waitFor(() => '', { what: 'a text' })).toBe('')
  })

  it('asks once more when the time was up before the answer', async () => {
    let asked = 0
    const slow = (): boolean => {
      for (const until = performance.now() + 20; asked === 0 && performance.now() < until;);
      return ++asked > 1
    }
    expect(await waitFor(slow, { what: 'it', timeoutMs: 1, everyMs: 1 })).toBe(true)
  })

  it('says what was missing, with the last error as cause', async () => {
    const failing = waitFor(
      () => {
        throw new Error('not yet')
      },
      { what: 'the thing', timeoutMs: 20, everyMs: 1 },
    )
    await expect(failing).rejects.toMatchObject({
      message: 'waited 20 ms in vain for the thing',
      cause: { message: 'not yet' },
    })
  })
})

describe('seededRandom', () => {
  const draw = (seed: number): number[] => {
    const random = seededRandom(seed)
    return Array.from({ length: 50 }, () => random.int(1, 6))
  }

  it('repeats itself for a seed', () => {
    expect(draw(7)).toEqual(draw(7))
    expect(draw(7)).not.toEqual(draw(8))
    expect(new Set(draw(7))).toEqual(new Set([1, 2, 3, 4, 5, 6]))
    expect(testSeed({ HEADRACE_TEST_SEED: '12' })).toBe(12)
  })

  it('forks by label, whatever was drawn before', () => {
    const random = seededRandom(7)
    const before = random.fork('rows').next()
    random.next()
    expect(random.fork('rows').next()).toBe(before)
    expect(random.fork('kills').next()).not.toBe(before)
  })

  it('shuffles without losing anything', () => {
    const values = Array.from({ length: 20 }, (_, index) => index)
    const shuffled = seededRandom(7).shuffled(values)
    expect(shuffled).not.toEqual(values)
    expect([...shuffled].sort((a, b) => a - b)).toEqual(values)
  })
})

describe('nodeCommand', () => {
  it('runs TypeScript sources', () => {
    const { command, args } = nodeCommand()
    const version = execFileSync(command, [...args, '-p', 'process.versions.node'], { encoding: 'utf8' })
    expect(Number(version.split('.')[0])).toBeGreaterThanOrEqual(24)
  })
})
