import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Dataset } from '@headrace/example-image-search'
import { type DevProcess, startDev, waitFor } from '@headrace/testkit'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Chain, DEV_START_MS, startChain } from './chain.ts'
import { imageSearch } from './examples.ts'
import { runHeadrace } from './run-headrace.ts'

const IMAGES = 3_000
/** Exit status of aggregate.field_not_loaded. */
const NOT_LOADED = 92

describe('a view whose definition is changed', () => {
  let chain: Chain<Dataset>
  let again: DevProcess | undefined
  const said: string[] = []
  const folder = mkdtempSync(join(tmpdir(), 'headrace-e2e-'))
  beforeAll(async () => {
    // a column that the contract does not have yet
    writeFileSync(
      join(folder, 'colour.sql'),
      `alter table image add column colour text; update image set colour = 'c' || id`,
    )
    chain = await startChain(imageSearch, {
      prefix: 'changed',
      size: IMAGES,
      initFiles: [join(folder, 'colour.sql')],
    })
  }, DEV_START_MS)
  afterAll(async () => {
    await again?.stop()
    await chain?.stop()
    rmSync(folder, { recursive: true, force: true })
  }, DEV_START_MS)

  const view = (): string => chain.ready.views[0]?.name ?? ''
  const ask = async <T>(path: string): Promise<T> =>
    (await (await fetch(`${chain.servers.elasticsearchUrl}/${view()}${path}`)).json()) as T
  const liveIndices = async (): Promise<readonly string[]> => Object.keys(await ask<object>('/_alias'))
  const kafka = (): readonly string[] => ['--kafka', chain.servers.kafkaBrokers.join(',')]
  const visible = async (): Promise<number> => (await ask<{ count: number }>('/_count')).count

  const change = (file: string, from: string, to: string): void => {
    const path = join(chain.pipelineDir, file)
    const text = readFileSync(path, 'utf8')
    expect(text).toContain(from)
    writeFileSync(path, text.replace(from, to))
  }
  const viewFile = (): string => join('views', readdirSync(join(chain.pipelineDir, 'views'))[0] ?? '')

  /** As an author would: an aggregate of another field. */
  const changeDefinition = (): void =>
    change(viewFile(), 'aggregates:\n', 'aggregates:\n  annotations_search.newest: { max: annotations.id }\n')

  /** A field in the contract and in the view. */
  const addField = (): void => {
    change(
      join('contracts', 'image.odcs.yaml'),
      '    properties:\n',
      '    properties:\n      - { name: colour, physicalType: text }\n',
    )
    change(viewFile(), 'fields: [id,', 'fields: [colour, id,')
  }

  const startAgain = (): DevProcess =>
    startDev({
      pipelineDir: chain.pipelineDir,
      args: [
        ...['--postgres', chain.database.url],
        ...['--kafka', chain.servers.kafkaBrokers.join(',')],
        ...['--elasticsearch', chain.servers.elasticsearchUrl],
      ],
      note: text => said.push(text),
    })

  const headrace = async (...args: readonly string[]): Promise<void> =>
    expect(await runHeadrace(args)).toMatchObject({ status: 0 })

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
      await waitFor(() => said.some(text => text.includes(`searches see the new documents, ${IMAGES} (`)), {
        what: 'dev to say so',
      })
    },
    2 * DEV_START_MS,
  )

  it(
    'keeps them too when all are made anew on request',
    async () => {
      await again?.stop()
      await headrace('view', 'rebuild', view(), '--pipeline', chain.pipelineDir, '--yes', ...kafka())
      again = await startAndWatch()
      expect(await verify()).toMatchObject({ status: 0, documents: IMAGES })
    },
    2 * DEV_START_MS,
  )

  it(
    'keeps them when a contract gets a field, stops where its values are not loaded, and shows no document without them',
    async () => {
      await again?.stop()
      addField()
      await headrace('contracts', 'lock', chain.pipelineDir)
      again = undefined
      expect(await startAgain().exited).toBe(NOT_LOADED)
      await headrace('source', 'reset', chain.pipelineDir, ...kafka())
      again = await startAndWatch()
      expect((await ask<{ count: number }>('/_count?q=_exists_:colour')).count).toBe(IMAGES)
      expect(await verify()).toMatchObject({ status: 0, documents: IMAGES })
    },
    3 * DEV_START_MS,
  )
})
