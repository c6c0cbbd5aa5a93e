import { codeOf, type ErrorCode, HeadraceError } from '@headrace/errors'
import type { FencedWriter, Kafka, PartitionReader } from '@headrace/kafka'
import { type Pipeline, type PostgresSource, topicSizes } from '@headrace/pipeline'
import type { PostgresConnection } from '@headrace/postgres'
import { beginAnew, type Failpoints, type Health } from '@headrace/runtime'
import type { CapturePosition, TableShapes } from '@headrace/wire'
import { sourceTables } from './adapters/captured-table.ts'
import { positionRecord, readPosition } from './adapters/position-record.ts'
import type { Events } from './events.ts'
import { captureSession } from './steps/capture-session.ts'
import { type Delivery, DELIVERY_LIMITS, type DeliveryLimits } from './steps/delivery.ts'

export interface CaptureAppOptions {
  readonly pipeline: Pipeline
  readonly source: PostgresSource
  readonly connection: PostgresConnection
  readonly kafka: Kafka
  readonly events: Events
  readonly health: Health
  readonly failpoints: Failpoints
  readonly loadConnections?: number
  readonly compression?: 'none' | 'lz4' | 'gzip'
  readonly limits?: Partial<DeliveryLimits>
  readonly watchMs?: number
  /** Tests look at its bounds. */
  readonly observe?: (delivery: Delivery) => void
  /** Tests act when the tables of a first load are held and not planned yet. */
  readonly held?: () => Promise<void>
}

/** Descriptions of tables, and positions with the catalogue of all of them, may be larger than rows. */
const CONTROL_BYTES = 8 * 1_048_576

/** Nothing is lost: wait, and go on from the position in Kafka. */
const PASSING: readonly ErrorCode[] = [
  'postgres.unreachable',
  'kafka.unreachable',
  'kafka.transaction_lost',
  'capture.load_overtaken',
]

/** What only one process has at a time: the writer that fenced all others, and what Kafka said then. */
interface Ownership {
  readonly writer: FencedWriter
  position: CapturePosition | null
  shapes: TableShapes | null
  readonly epochOfOthers: number
}

/**
 * Captures one source until the signal fires: fence older owners, read the position, then spells of load and stream.
 * Source and Kafka are waited for when they are away; every other error ends the process, which replays (design 02 §2.5).
 */
export const runCapture = async (options: CaptureAppOptions, signal: AbortSignal): Promise<void> => {
  const { kafka, events, health } = options
  const reader = kafka.reader()
  let owned: Ownership | null = null
  const run = async (progressed: () => void): Promise<void> => {
    try {
      if (owned === null) owned = await takeOver(options, reader, signal)
      else await confirm(options, owned)
      await spell(options, owned, progressed, signal)
    } catch (error) {
      // what was committed tells only Kafka, and only when nothing of ours can be added any more
      if (codeOf(error) !== 'postgres.unreachable') {
        await owned?.writer.stop()
        owned = null
      }
      throw error
    }
  }
  const lost = (code: ErrorCode, words: string, retryInMs: number): void => {
    if (code === 'postgres.unreachable') events.sourceLost(words, retryInMs)
    else events.kafkaLost(code, words, retryInMs)
  }
  try {
    await beginAnew({ passing: PASSING, run, lost, health }, signal)
  } finally {
    await (owned as Ownership | null)?.writer.stop()
    await reader.stop()
  }
}

/** Nothing is written yet: while Kafka is away, the signal ends the wait with the connections. */
const takeOver = async (
  options: CaptureAppOptions,
  reader: PartitionReader,
  signal: AbortSignal,
): Promise<Ownership> => {
  const leave = (): void => void options.kafka.stop()
  signal.throwIfAborted()
  signal.addEventListener('abort', leave, { once: true })
  try {
    await requireTopics(options)
    return await becomeOwner(options, reader)
  } finally {
    signal.removeEventListener('abort', leave)
  }
}

/** Both ids are made anew before the position is read: whoever wrote before can add nothing any more (03 C3). */
const becomeOwner = async (options: CaptureAppOptions, reader: PartitionReader): Promise<Ownership> => {
  const { pipeline, source, kafka, compression = 'none' } = options
  const writer = await kafka.writer({
    name: `${pipeline.name}.capture.${source.slot}`,
    compression,
    maxRecordBytes: Math.max(topicSizes(pipeline.limits).topics.raw, CONTROL_BYTES),
  })
  try {
    return { writer, ...(await readPosition(reader, pipeline.topics.positions, source.slot)) }
  } catch (error) {
    await writer.stop()
    throw error
  }
}

/** Whoever took over meanwhile has fenced us: learn it before we take the slot from them (03 C3c). */
const confirm = async ({ pipeline }: CaptureAppOptions, { writer, position }: Ownership): Promise<void> => {
  if (position !== null)
    await writer.write({ records: [positionRecord(pipeline.topics.positions, position)] })
}

const spell = async (
  options: CaptureAppOptions,
  owned: Ownership,
  progressed: () => void,
  signal: AbortSignal,
): Promise<void> => {
  const { pipeline, source, loadConnections = 2, limits, watchMs = 10_000 } = options
  const session = {
    ...options,
    topics: pipeline.topics,
    partitions: pipeline.partitions,
    tables: sourceTables(pipeline, source),
    loadConnections,
    limits: { ...DELIVERY_LIMITS, ...limits },
    watchMs,
    shapes: owned.shapes,
    epochOfOthers: owned.epochOfOthers,
    keepShapes: (seen: TableShapes): void => void (owned.shapes = seen),
  }
  await captureSession(session, owned.writer, owned.position, signal, reached => {
    owned.position = reached
    progressed()
  })
}

/** Services never make topics; a wrong partition count would break every join behind us (design 02 §2.3). */
const requireTopics = async ({ kafka, pipeline, source }: CaptureAppOptions): Promise<void> => {
  const { topics, partitions } = pipeline
  const data = source.tables.map(table => topics.raw(table.dataset))
  for (const topic of [...data, topics.positions, topics.relations]) {
    const found = await kafka.admin.describe(topic)
    const hint = 'Run `headrace topics apply`.'
    if (found === null)
      throw new HeadraceError('kafka.topic_missing', `the topic ${topic} does not exist`, { hint })
    if (data.includes(topic) && found.partitions !== partitions) {
      throw new HeadraceError(
        'kafka.partition_mismatch',
        `${topic} has ${found.partitions} partitions, the pipeline says ${partitions}`,
      )
    }
  }
}
