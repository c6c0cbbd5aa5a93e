import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { seededRandom, waitFor } from '@headrace/testkit'
import { Op } from '@headrace/wire'
import { AggregatorHarness } from './testing/harness.ts'
import { TypedWriter } from './testing/source-tables.ts'
import { treeFiles } from './testing/tree-folder.ts'

const PARENTS = 1500
/** Few documents per turn: a change of the owner, who is in every document, takes many turns. */
const PER_TURN = 30

describe('a rebalance while a reference to every document changes (05 A3, A16; cases 36, 41, 45, 46)', () => {
  const random = seededRandom()
  const harness = new AggregatorHarness(3, treeFiles)
  const owners = new TypedWriter(harness.pipeline, 'owner')
  const parents = new TypedWriter(harness.pipeline, 'parent')
  let lsn = 1000n
  let name = ''
  beforeAll(() => harness.start())
  afterEach(() => harness.killAll())
  afterAll(() => harness.stop())

  const spawn = (instance: string, failpoints = '-') =>
    harness.spawn({ instance, failpoints, maxRecords: PER_TURN })

  /** It has been given partitions: their stores stand. */
  const joined = (instance: string): Promise<unknown> =>
    waitFor(() => existsSync(join(harness.dataDir, instance, harness.view.view)), {
      what: `${instance} to be given partitions`,
      timeoutMs: 120_000,
    })

  const documents = (): Map<string, unknown> =>
    new Map(
      Array.from({ length: PARENTS }, (_, each) => [
        String(each + 1),
        {
          id: each + 1,
          title: null,
          owner: { id: 1, name },
          above: null,
          below: [],
          tags: [],
          children: [],
          summary: { below: 0, tags: 0, ranks: {} },
        },
      ]),
    )

  /**
   * Changes the owner and comes back in the middle of the fan-out: something was emitted, and much is left. One that was
   * through before we looked is followed by another.
   */
  const changeOwner = async (): Promise<void> => {
    for (let emitted = PARENTS; emitted >= PARENTS;) {
      const before = await harness.documentRecords()
      name = `owner ${lsn}`
      await harness.write([owners.record(Op.UPDATE, '1', { name }, ++lsn)])
      await waitFor(async () => (await harness.documentRecords()) > before, {
        what: 'the fan-out to begin',
        everyMs: 5,
      })
      emitted = Number((await harness.documentRecords()) - before)
    }
  }

  it('is right when a second process joins, leaves, dies, or wakes up from before it', async () => {
    await harness.write([owners.record(Op.UPDATE, '1', { name }, ++lsn)])
    for (let from = 1; from <= PARENTS; from += 500) {
      const ids = Array.from({ length: 500 }, (_, each) => String(from + each))
      await harness.write(ids.map(id => parents.record(Op.UPDATE, id, { owner_id: '1' }, ++lsn)))
    }
    const first = spawn('aggregator-0')
    await harness.expectDocuments(documents())

    await changeOwner()
    const second = spawn('aggregator-1')
    await joined('aggregator-1')
    await harness.expectDocuments(documents())

    await changeOwner()
    expect(await second.stop()).toBe(0)
    await harness.expectDocuments(documents())

    // joins, and is killed in the middle of its own fan-out
    await changeOwner()
    const third = spawn('aggregator-1', `aggregator.during_fan_out=${random.int(1, 2)}`)
    name = `owner ${lsn}`
    await harness.write([owners.record(Op.UPDATE, '1', { name }, ++lsn)])
    await waitFor(
      async () => {
        name = `owner ${lsn}`
        await harness.write([owners.record(Op.UPDATE, '1', { name }, ++lsn)])
        return third.process.signalCode === 'SIGKILL'
      },
      { what: 'the joining process to be killed', timeoutMs: 120_000, everyMs: 300 },
    )
    await harness.expectDocuments(documents())

    // sleeps through a rebalance with its fan-out half done
    await changeOwner()
    first.process.kill('SIGSTOP')
    const heir = spawn('aggregator-1')
    await harness.expectDocuments(documents())
    await changeOwner()
    first.process.kill('SIGCONT')
    await harness.expectDocuments(documents())
    await heir.kill()
    await first.kill()
  }, 900_000)
})
