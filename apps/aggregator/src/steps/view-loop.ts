import { codeOf, type ErrorCode, HeadraceError } from '@headrace/errors'
import type { FencedWriter, GroupConsumer, Kafka } from '@headrace/kafka'
import { beginAnew, type Failpoints } from '@headrace/runtime'
import type { Config } from '../config.ts'
import type { Events } from '../events.ts'
import { BroadcastFeed } from './broadcast-feed.ts'
import { type Generation, Generations } from './generations.ts'
import { EndsWatch } from './log-ends.ts'
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
  /** Throws when Kafka is not as this view needs it. */
  readonly check: () => Promise<void>
  /** Something moved; `isReady`: joined and restored. */
  readonly onTurn: (isReady: boolean) => void
}

/** Nothing is lost: wait, and go on from stores and committed offsets. */
const PASSING: readonly ErrorCode[] = ['kafka.unreachable', 'kafka.transaction_lost', 'decode.schema_unknown']

/** How often the loop tells that it is alive while it waits for an assignment or restores. */
const ALIVE_MS = 5_000

/** Works on one view until the signal fires; throws what a restart must mend. */
export const runView = async (options: ViewLoopOptions, signal: AbortSignal): Promise<void> => {
  const { view, events, onTurn } = options
  const alive = (): void => onTurn(false)
  await beginAnew(
    {
      passing: PASSING,
      run: progressed => spell(options, progressed, signal),
      lost: (code, words, retryInMs) => events.sessionLost(view.view, code, words, retryInMs),
      health: { notReady: alive, turned: alive },
    },
    signal,
  )
}

/** One writer and one membership in the view's group. */
const spell = async (
  options: ViewLoopOptions,
  progressed: () => void,
  signal: AbortSignal,
): Promise<void> => {
  const { view, kafka, settings } = options
  await options.check()
  const generations = new Generations()
  const writer = await kafka.writer({
    name: `${view.groupId}.${settings.instance}`,
    compression: settings.compression,
    maxRecordBytes: view.maxRecordBytes,
  })
  try {
    const consumer = await kafka.consumer({
      groupId: view.groupId,
      topics: view.topics.map(({ topic }) => topic),
      memberName: settings.instance,
      handlers: generations,
      sessionTimeoutMs: settings.sessionTimeoutMs,
    })
    try {
      for (let last: Generation | undefined; ;) {
        const waiting = startTelling(options)
        try {
          last = await Promise.race([generations.next(signal, last), consumer.failed])
          if (last === undefined) return
          await runGeneration(options, { consumer, writer }, last, { waiting, progressed, signal })
        } finally {
          waiting.stop()
        }
      }
    } finally {
      await consumer.stop()
    }
  } finally {
    await writer.stop()
  }
}

const learnContracts = async ({ view, kafka }: ViewLoopOptions): Promise<void> => {
  const reader = kafka.reader()
  try {
    await view.written.learn(reader)
  } finally {
    await reader.stop()
  }
}

/** Not ready, but alive, until `stop`. */
const startTelling = ({ onTurn }: ViewLoopOptions): { stop(): void } => {
  onTurn(false)
  const timer = setInterval(() => onTurn(false), ALIVE_MS)
  return { stop: () => clearInterval(timer) }
}

interface Clients {
  readonly consumer: GroupConsumer
  readonly writer: FencedWriter
}

interface GenerationCalls {
  /** Stopped when turns tell by themselves. */
  readonly waiting: { stop(): void }
  readonly progressed: () => void
  readonly signal: AbortSignal
}

/** From assignment to revocation. A fenced commit ends it too: the group knows better, and a new assignment follows. */
const runGeneration = async (
  options: ViewLoopOptions,
  clients: Clients,
  generation: Generation,
  { waiting, progressed, signal }: GenerationCalls,
): Promise<void> => {
  const { view, kafka, settings, events, failpoint, onTurn } = options
  const { dataDir, maxRecords, emitIdleMs, emitMaxMs } = settings
  const over = AbortSignal.any([generation.ended, signal])
  const { membership } = generation
  events.assigned(
    view.view,
    membership.generationId,
    membership.assignment[view.topics[0]!.topic]?.length ?? 0,
  )
  await learnContracts(options)
  const opened = await openTasks(
    { view, kafka, consumer: clients.consumer, dataDir, events, failpoint },
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
    const ends = new EndsWatch(view, () => kafka.reader(), tasks)
    waiting.stop()
    while (!over.aborted) {
      await loop.turn(over)
      await ends.look()
      progressed()
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
