import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { CHANGE_KINDS, randomChange, RETAIL_VIEWS, type RetailRows } from '@headrace/example-retail'
import {
  type KafkaOffsets,
  openKafkaOffsets,
  seededRandom,
  writeRandomly,
  type Written,
} from '@headrace/testkit'
import { type Chain, DEV_START_MS, startChain } from './chain.ts'
import { retailShop } from './examples.ts'
import { type Kill, killAtWork, untilRestarted } from './frozen-service.ts'
import { runHeadrace } from './run-headrace.ts'

const CUSTOMERS = 150
const CHANGES = 6_000
const BURSTS = 3
const WRITERS = 4

describe('a shop: composite keys, trees, links, three levels', () => {
  const random = seededRandom()
  let chain: Chain<RetailRows>
  let kafka: KafkaOffsets
  beforeAll(async () => {
    chain = await startChain(retailShop, { prefix: 'retail', size: CUSTOMERS })
    kafka = openKafkaOffsets(chain.servers.kafkaBrokers[0] ?? '')
  }, DEV_START_MS)
  afterAll(async () => {
    kafka?.close()
    await chain?.stop()
  }, DEV_START_MS)

  /** Every document of every view against hand-written SQL. */
  const expectEqual = async (): Promise<Readonly<Record<string, number>>> => {
    const compared: Record<string, number> = {}
    const differing: Record<string, unknown> = {}
    for (const view of RETAIL_VIEWS) {
      const found = await chain.waitUntilEqual(view)
      compared[view] = found.compared
      if (found.differences.length > 0)
        differing[view] = { count: found.differences.length, first: found.differences.slice(0, 5) }
    }
    // the seed repeats the changes of each writer
    expect({ seed: random.seed, differing }).toEqual({ seed: random.seed, differing: {} })
    return compared
  }

  /** All changes, and more until the signal. */
  const writeUntil = async (signal: AbortSignal): Promise<Written> => {
    const sum = { statements: 0, commits: 0, rollbacks: 0, kinds: {} as Record<string, number> }
    for (let burst = 1; burst <= BURSTS || !signal.aborted; burst++) {
      const written = await writeRandomly({
        database: chain.database,
        random: random.fork(`burst ${burst}`),
        changes: CHANGES / BURSTS,
        writers: WRITERS,
        change: randomChange,
      })
      sum.statements += written.statements
      sum.commits += written.commits
      sum.rollbacks += written.rollbacks
      for (const [kind, count] of Object.entries(written.kinds))
        sum.kinds[kind] = (sum.kinds[kind] ?? 0) + count
    }
    return sum
  }

  const report = (written: Written, kills: readonly Kill[], compared: object): void => {
    const { statements, commits, rollbacks, kinds } = written
    const lines = [
      `seed ${random.seed}: ${statements} statements in ${commits} commits, ${rollbacks} rollbacks`,
      ...Object.entries(kinds)
        .sort()
        .map(([kind, count]) => `  ${kind}: ${count}`),
      ...kills.map(({ service, lag, open }) => `killed ${service}: lag ${lag}, open ${open}`),
      `compared ${JSON.stringify(compared)}`,
    ]
    process.stderr.write(`${lines.join('\n')}\n`)
  }

  it('loads what was there before', async () => {
    for (const compared of Object.values(await expectEqual())) expect(compared).toBeGreaterThan(0)
  }, 1_200_000)

  it(`${CHANGES} random changes by ${WRITERS} writers at full speed, validator and aggregator killed at work: every document equals hand-written SQL`, async () => {
    const killed = new AbortController()
    const writing = writeUntil(killed.signal)
    const kills: Kill[] = []
    try {
      for (const service of ['validator', 'aggregator'] as const) {
        kills.push(await killAtWork(service, chain, kafka, random))
        await untilRestarted(service, chain, 1)
      }
    } finally {
      killed.abort()
      await writing
    }
    const written = await writing
    const compared = await expectEqual()
    report(written, kills, compared)
    const committed = Object.values(written.kinds).reduce((sum, count) => sum + count, 0)
    expect(committed).toBeGreaterThanOrEqual(CHANGES)
    const seen = new Set(Object.keys(written.kinds).map(kind => kind.split(' ')[0]))
    expect(CHANGE_KINDS.filter(kind => !seen.has(kind))).toEqual([])
    expect(kills.every(({ lag, open }) => lag > 0 && open > 0)).toBe(true)
    const restarts = Object.entries(chain.dev.state().services).map(([name, { restarts: n }]) => [name, n])
    expect(Object.fromEntries(restarts)).toEqual({
      capture: 0,
      validator: 1,
      aggregator: 1,
      indexer: 0,
      search: 0,
    })
  }, 1_800_000)

  const verify = async (
    view: string,
    settleSeconds: number,
  ): Promise<{ readonly status: number | null; readonly result: unknown }> => {
    const { postgres, elasticsearch } = chain.ready
    const where = ['--pipeline', chain.pipelineDir, '--postgres', postgres, '--elasticsearch', elasticsearch]
    const how = ['--settle', String(settleSeconds), '--json']
    const { status, stdout } = await runHeadrace(['view', 'verify', chain.view(view), ...where, ...how])
    return { status, result: JSON.parse(stdout) }
  }

  it('view verify finds every view equal, and a document that was spoilt', async () => {
    for (const view of RETAIL_VIEWS)
      expect({ view, ...(await verify(view, 120)) }).toMatchObject({
        view,
        status: 0,
        result: { equal: true },
      })
    const [spoilt] = await chain.database.query<{ key: string }>(
      'select product_uid::text as key from retail.product order by 1 limit 1',
    )
    const response = await fetch(
      `${chain.ready.elasticsearch}/${chain.view('product_catalog')}/_update/${spoilt?.key}?refresh=true`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"doc":{"sales":{"lines":-1}}}',
      },
    )
    expect(response.status).toBe(200)
    expect(await verify('product_catalog', 1)).toMatchObject({
      status: 1,
      result: { equal: false, missing: 0, extra: 0, differing: 1 },
    })
  }, 900_000)
})
