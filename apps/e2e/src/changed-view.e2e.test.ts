import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Dataset } from '@headrace/example-image-search'
import { type DevProcess, startDev, waitFor } from '@headrace/testkit'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Chain, DEV_START_MS, startChain } from './chain.ts'
import { imageSearch } from './examples.ts'
import { runHeadrace } from './run-headrace.ts'

const IMAGES = 3_000

describe('a view whose definition is changed', () => {
  let chain: Chain<Dataset>
  let again: DevProcess | undefined
  beforeAll(async () => {
    chain = await startChain(imageSearch, { prefix: 'changed', size: IMAGES })
  }, DEV_START_MS)
  afterAll(async () => {
    await again?.stop()
    await chain?.stop()
  }, DEV_START_MS)

  const view = (): string => chain.ready.views[0]?.name ?? ''
  const ask = async <T>(path: string): Promise<T> =>
    (await (await fetch(`${chain.servers.elasticsearchUrl}/${view()}${path}`)).json()) as T
  const liveIndices = async (): Promise<readonly string[]> => Object.keys(await ask<object>('/_alias'))
  const visible = async (): Promise<number> => (await ask<{ count: number }>('/_count')).count

  /** As an author would: another field, and an aggregate of it. */
  const changeDefinition = (): void => {
    const folder = join(chain.pipelineDir, 'views')
    const file = join(folder, readdirSync(folder)[0] ?? '')
    const text = readFileSync(file, 'utf8')
    const changed = text.replace(
      'aggregates:\n',
      'aggregates:\n  annotations_search.newest: { max: annotations.id }\n',
    )
    expect(changed).not.toBe(text)
    writeFileSync(file, changed)
  }

  const startAgain = (): DevProcess =>
    startDev({
      pipelineDir: chain.pipelineDir,
      args: [
        ...['--postgres', chain.database.url],
        ...['--kafka', chain.servers.kafkaBrokers.join(',')],
        ...['--elasticsearch', chain.servers.elasticsearchUrl],
      ],
      note: () => undefined,
    })

  /** Starts dev while searches are watched: at no time do they see fewer documents, and then those of another index. */
  const startAndWatch = async (): Promise<DevProcess> => {
    const before = await liveIndices()
    const dev = startAgain()
    const seen: number[] = []
    await waitFor(
      async () => {
        seen.push(await visible())
        const [live, ...more] = await liveIndices()
        return more.length === 0 && live !== before[0]
      },
      { what: 'the alias to move', timeoutMs: DEV_START_MS, everyMs: 20 },
    )
    seen.push(await visible())
    expect([...new Set(seen)]).toEqual([IMAGES])
    await dev.ready
    return dev
  }

  const verify = async (): Promise<unknown> => {
    const { status, stdout } = await runHeadrace([
      ...['view', 'verify', view(), '--pipeline', chain.pipelineDir, '--json'],
      ...['--postgres', chain.database.url, '--elasticsearch', chain.servers.elasticsearchUrl],
      ...['--kafka', chain.servers.kafkaBrokers.join(',')],
    ])
    return { status, ...(JSON.parse(stdout) as object) }
  }

  it(
    'keeps its documents in searches until every document of the new definition is there',
    async () => {
      expect((await chain.waitUntilEqual()).differences).toEqual([])
      await chain.dev.stop()
      changeDefinition()
      again = await startAndWatch()
      expect(await verify()).toMatchObject({ status: 0, documents: IMAGES })
    },
    2 * DEV_START_MS,
  )

  it(
    'keeps them too when all are made anew on request',
    async () => {
      await again?.stop()
      const { status } = await runHeadrace([
        ...['view', 'rebuild', view(), '--pipeline', chain.pipelineDir, '--yes'],
        ...['--kafka', chain.servers.kafkaBrokers.join(',')],
      ])
      expect(status).toBe(0)
      again = await startAndWatch()
      expect(await verify()).toMatchObject({ status: 0, documents: IMAGES })
    },
    2 * DEV_START_MS,
  )
})
