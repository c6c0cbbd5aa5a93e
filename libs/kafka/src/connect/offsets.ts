import { isTransient, kafkaError } from '../faults.ts'
import { offsetFetch } from '../protocol/offset-fetch.ts'
import { sendTo } from '../protocol/request.ts'
import { byTopic } from '../protocol/txn-offset-commit.ts'
import type { CommitOffset, CommittedOffset } from '../types.ts'
import type { ClusterClient } from './cluster-client.ts'
import { retry } from './retry.ts'

const READ_UNCOMMITTED = 0
const READ_COMMITTED = 1
/** An open transaction ends by its timeout and the broker's clean-up interval, well within this. */
const UNSTABLE_PATIENCE_MS = 120_000

const EARLIEST = -2
const LATEST = -1

/**
 * First offset in the log, the last stable one (no open transaction before it), or the end: what is written and
 * replicated, open transactions included.
 */
export type LogBound = 'start' | 'stable' | 'end'

export const logOffset = async (
  client: ClusterClient,
  topic: string,
  partition: number,
  which: LogBound,
): Promise<bigint> => {
  const timestamp = which === 'start' ? EARLIEST : LATEST
  const isolationLevel = which === 'end' ? READ_UNCOMMITTED : READ_COMMITTED
  const request = async (): Promise<bigint> => {
    const broker = await client.broker(await client.leader(topic, partition))
    const query = { isolationLevel, topics: [{ topic, partitions: [{ partition, timestamp }] }] }
    const { responses } = await broker.listOffsets(query)
    return BigInt(responses[0]?.partitions[0]?.offset ?? '-1')
  }
  try {
    return await retry(request, {
      withinMs: client.patienceMs,
      retriable: error => !client.stopped && isTransient(error),
      onRetry: () => void client.refresh(),
    })
  } catch (error) {
    throw kafkaError(error, 'the bounds of the log cannot be read', `${topic}/${partition}`)
  }
}

/** Committed offsets once no transaction on them is open. */
export const stableOffsets = (
  client: ClusterClient,
  groupId: string,
  topics: Readonly<Record<string, readonly number[]>>,
): Promise<CommittedOffset[]> =>
  client.patientAtCoordinator(
    'group',
    groupId,
    'the committed offsets cannot be read',
    broker => sendTo(broker, offsetFetch(groupId, topics)),
    UNSTABLE_PATIENCE_MS,
  )

/** A plain commit, fenced by the member's generation. Outside a group: member '' and generation -1. */
export const commitOffsets = (
  client: ClusterClient,
  member: { readonly groupId: string; readonly memberId: string; readonly generationId: number },
  offsets: readonly CommitOffset[],
): Promise<void> => {
  const topics = byTopic(offsets).map(([topic, list]) => ({
    topic,
    partitions: list.map(({ partition, next, metadata = '' }) => ({
      partition,
      offset: String(next),
      metadata,
    })),
  }))
  const { groupId, memberId, generationId } = member
  return client.patientAtCoordinator('group', groupId, 'the offsets were not committed', broker =>
    broker.offsetCommit({ groupId, memberId, groupGenerationId: generationId, topics }),
  )
}
