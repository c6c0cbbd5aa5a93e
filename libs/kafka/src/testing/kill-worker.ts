import { codeOf } from '@headrace/errors'
import { pause } from '../connect/retry.ts'
import { createKafka } from '../kafka.ts'
import type { Batch, GroupConsumer, Membership } from '../types.ts'
import type { HoldPoint } from '../writer/transactional-id.ts'

/*
 * A service in small for the kill test: copies a topic in transactions with its positions, for ever. Tells its parent
 * what it does; holds some transactions open, so that the parent can kill or stop it in the middle.
 */

export interface WorkerSettings {
  readonly name: string
  readonly brokers: string[]
  readonly input: string
  readonly output: string
  readonly groupId: string
  readonly sessionTimeoutMs: number
  readonly transactionTimeoutMs: number
  readonly seed: number
}

export type WorkerReport =
  | { readonly what: 'held'; readonly point: HoldPoint }
  | { readonly what: 'committed'; readonly partition: number; readonly count: number; readonly last: string }
  | { readonly what: 'fenced' | 'lost' | 'recovered' }
  | { readonly what: 'died'; readonly code: string }

const PER_TRANSACTION = 40
const HOLD_MS = 120
const HELD_SHARE = 0.08

const settings = JSON.parse(process.argv[2] ?? '{}') as WorkerSettings
const tell = (report: WorkerReport): void => {
  process.send?.(report)
}

const die = (error: unknown): void => {
  tell({ what: 'died', code: codeOf(error) })
  setTimeout(() => process.exit(1), 50)
}
process.on('unhandledRejection', die)
process.on('disconnect', () => process.exit(0))

const makeRandom = (seed: number) => {
  let state = seed
  return (): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return state / 0x80000000
  }
}

const random = makeRandom(settings.seed)

const hold = async (point: HoldPoint): Promise<void> => {
  if (random() > HELD_SHARE) return
  tell({ what: 'held', point })
  await pause(HOLD_MS)
}

const startAll = (consumer: GroupConsumer, membership: Membership): void => {
  for (const partition of membership.assignment[settings.input] ?? []) {
    consumer.startPartition(membership, settings.input, partition)
  }
}

const run = async (): Promise<void> => {
  const { name, brokers, input, output, groupId, sessionTimeoutMs, transactionTimeoutMs } = settings
  const kafka = createKafka({ brokers, clientId: name }, { hold })
  const writer = await kafka.writer({ name, transactionTimeoutMs })
  let current: Membership | undefined
  const consumer = await kafka.consumer({
    groupId,
    topics: [input],
    memberName: name,
    sessionTimeoutMs,
    rebalanceTimeoutMs: sessionTimeoutMs,
    handlers: {
      assigned: membership => {
        current = membership
        startAll(consumer, membership)
      },
      revoked: () => {
        current = undefined
      },
    },
  })
  consumer.failed.catch(die)
  const copy = async (batch: Batch): Promise<void> => {
    const records = batch.records.map(({ key, value }) => ({
      topic: output,
      partition: batch.partition,
      key,
      value,
    }))
    const offsets = [{ topic: input, partition: batch.partition, next: batch.next }]
    await writer.write({ records, from: { membership: batch.membership, offsets } })
    const last = records.at(-1)?.value?.toString() ?? ''
    tell({ what: 'committed', partition: batch.partition, count: records.length, last })
  }
  for (;;) {
    const batches = await consumer.poll({
      maxRecords: PER_TRANSACTION,
      maxWaitMs: 1000,
      signal: new AbortController().signal,
    })
    try {
      for (const batch of batches) await copy(batch)
    } catch (error) {
      if (codeOf(error) === 'kafka.fenced') {
        tell({ what: 'fenced' }) // the next assignment starts anew
      } else if (codeOf(error) === 'kafka.transaction_lost') {
        tell({ what: 'lost' })
        await writer.recover()
        tell({ what: 'recovered' })
        // from what stands committed, whatever became of the lost one
        if (current !== undefined) startAll(consumer, current)
      } else throw error
    }
  }
}

run().catch(die)
