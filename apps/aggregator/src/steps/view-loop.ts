import { codeOf, HeadraceError } from '@headrace/errors'
import type { FencedWriter, GroupConsumer, Kafka } from '@headrace/kafka'
import type { Failpoints } from '@headrace/runtime'
import type { Config } from '../config.ts'
import type { Events } from '../events.ts'
import { BroadcastFeed } from './broadcast-feed.ts'
import { type Generation, Generations } from './generations.ts'
import { openTasks } from './open-tasks.ts'
import { broadcastStarts } from './restore-broadcasts.ts'
import { TurnLoop } from './turn.ts'
import type { ViewInputs } from './view-inputs.ts'

export interface ViewLoopOptions {
  readonly view: ViewInputs
  readonly kafka: Kafka
  readonly settings: Config
  readonly events: Events
  readonly failpoint: Failpoints
  /** Something moved; `isReady`: joined and restored. */
  readonly onTurn: (isReady: boolean) => void
}

/** What a record needs beside the document: key, times, position, framing. */
const RECORD_OVERHEAD_BYTES = 16_384

/** Works on one view until the signal fires; throws what a restart must mend. */
export const runView = async (options: ViewLoopOptions, signal: AbortSignal): Promise<void> => {
  const { view, kafka, settings } = options
  const generations = new Generations()
  const writer = await kafka.writer({
    name: `${view.groupId}.${settings.instance}`,
    compression: settings.compression,
    maxRecordBytes: settings.maxDocumentBytes + RECORD_OVERHEAD_BYTES,
  })
  const topics = view.topics.map(({ topic }) => topic)
  const { instance: memberName, sessionTimeoutMs } = settings
  const consumer = await kafka.consumer({
    groupId: view.groupId,
    topics,
    memberName,
    handlers: generations,
    sessionTimeoutMs,
  })
  try {
    let last: Generation | undefined
    for (;;) {
      options.onTurn(false)
      last = await Promise.race([generations.next(signal, last), consumer.failed])
      if (last === undefined) return
      await runGeneration(options, { consumer, writer }, last, signal)
    }
  } finally {
    await consumer.stop()
    await writer.stop()
  }
}

interface Clients {
  readonly consumer: GroupConsumer
  readonly writer: FencedWriter
}

/** From assignment to revocation. A fenced commit ends it too: the group knows better, and a new assignment follows. */
const runGeneration = async (
  options: ViewLoopOptions,
  clients: Clients,
  generation: Generation,
  signal: AbortSignal,
): Promise<void> => {
  const { view, kafka, settings, events, failpoint, onTurn } = options
  const { dataDir, maxDocumentBytes, maxRecords, emitIdleMs, emitMaxMs } = settings
  const over = AbortSignal.any([generation.ended, signal])
  const { membership } = generation
  events.assigned(
    view.view,
    membership.generationId,
    membership.assignment[view.topics[0]!.topic]?.length ?? 0,
  )
  const opened = await openTasks(
    { view, kafka, consumer: clients.consumer, dataDir, maxDocumentBytes, events, failpoint },
    membership,
    over,
  )
  const tasks = opened.map(({ task }) => task)
  const feed = new BroadcastFeed(kafka.reader(), broadcastStarts(tasks))
  const stopWatching = events.watch(view.view, tasks, clients.consumer)
  try {
    for (const { task, starts } of opened) {
      for (const { topic, next } of starts)
        clients.consumer.startPartition(membership, topic, task.partition, next)
    }
    const loop = new TurnLoop(
      { view: view.view, ...clients, feed, maxRecords, emitIdleMs, emitMaxMs, events, failpoint },
      tasks,
      generation,
    )
    while (!over.aborted) {
      await loop.turn(over)
      onTurn(true)
    }
  } catch (error) {
    if (codeOf(error) !== 'kafka.fenced') throw error
    events.fenced(view.view, membership.generationId, error instanceof HeadraceError ? error.message : '')
  } finally {
    stopWatching()
    await feed.stop()
    await Promise.all(tasks.map(task => task.close()))
  }
}
