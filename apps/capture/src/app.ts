import { setTimeout as sleep } from 'node:timers/promises'
import { backoffDelay, codeOf, HeadraceError } from '@headrace/errors'
import type { Kafka } from '@headrace/kafka'
import { type Pipeline, type PostgresSource, topicSizes } from '@headrace/pipeline'
import type { PostgresConnection } from '@headrace/postgres'
import type { Failpoints, Health } from '@headrace/runtime'
import type { TableShapes } from '@headrace/wire'
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
}

/** Descriptions of tables, and positions with the catalogue of all of them, may be larger than rows. */
const CONTROL_BYTES = 8 * 1_048_576

/**
 * Captures one source until the signal fires: fence older owners, read the position, then spells of load and stream.
 * Only a source that is away is waited for here; every other error ends the process, which replays (design 02 §2.5).
 */
export const runCapture = async (options: CaptureAppOptions, signal: AbortSignal): Promise<void> => {
  const { pipeline, source, kafka, events, health } = options
  const { topics } = pipeline
  await requireTopics(options)
  // both ids are made anew before the position is read: whoever wrote before can add nothing any more (03 C3)
  const writer = await kafka.writer({
    name: `${pipeline.name}.capture.${source.slot}`,
    compression: options.compression ?? 'none',
    maxRecordBytes: Math.max(topicSizes(pipeline.limits).topics.raw, CONTROL_BYTES),
  })
  const reader = kafka.reader()
  let { position, shapes } = await readPosition(reader, topics.positions, source.slot)
  try {
    for (let attempt = 0, failures = 0; !signal.aborted; attempt += 1) {
      const spell = {
        ...options,
        topics,
        partitions: pipeline.partitions,
        tables: sourceTables(pipeline, source),
        loadConnections: options.loadConnections ?? 2,
        limits: { ...DELIVERY_LIMITS, ...options.limits },
        watchMs: options.watchMs ?? 10_000,
      }
      try {
        // whoever took over meanwhile has fenced us: learn it before we take the slot from them
        if (attempt > 0 && position !== null)
          await writer.write({ records: [positionRecord(topics.positions, position)] })
        const keepShapes = (seen: TableShapes): void => void (shapes = seen)
        await captureSession({ ...spell, shapes, keepShapes }, writer, position, signal, reached => {
          position = reached
          failures = 0
        })
      } catch (error) {
        if (signal.aborted) return
        if (codeOf(error) !== 'postgres.unreachable') throw error
        const delayMs = backoffDelay(failures, Math.random())
        failures += 1
        events.sourceLost(error instanceof HeadraceError ? error.message : '', delayMs)
        health.notReady('the source is away')
        health.turned()
        await sleep(delayMs, undefined, { signal }).catch(() => undefined)
      }
    }
  } finally {
    await writer.stop()
    await reader.stop()
  }
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
