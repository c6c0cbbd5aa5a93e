import { writeRandomChanges } from '@headrace/example-image-search'
import { type Random, type TestDatabase, waitFor } from '@headrace/testkit'
import { WrittenChanges } from './written-changes.ts'

export interface SteadyWritersOptions {
  readonly database: TestDatabase
  readonly random: Random
  /** Rows that were there before: ids from 1. */
  readonly images: number
  readonly annotations: number
}

export interface SteadyWriters {
  readonly written: WrittenChanges
  /** How often a writer lost its connection and came back. */
  readonly reconnects: number
  /** Resolves when nothing is being written any more. */
  stop(): Promise<void>
}

const WRITERS = 4
const BURST = 10
/** The server does the waiting: about 150 changes a second altogether. */
const PAUSE = 'select pg_sleep(0.2)'
const IDS_PER_WRITER = 100_000_000
const IDS_PER_BURST = 1_000

/** 4 writers until `stop`, whatever becomes of the database meanwhile: a writer that lost its connection takes another. */
export const startSteadyWriters = (options: SteadyWritersOptions): SteadyWriters => {
  const { database, random, images, annotations } = options
  const stop = new AbortController()
  const written = new WrittenChanges()
  let reconnects = 0
  const write = async (writer: number): Promise<void> => {
    for (let burst = 1; !stop.signal.aborted; burst++) {
      try {
        written.add(
          await writeRandomChanges({
            database,
            random: random.fork(`writer ${writer}, burst ${burst}`),
            changes: BURST,
            writers: 1,
            images,
            annotations,
            firstNewId: 1_000_000_000 + writer * IDS_PER_WRITER + burst * IDS_PER_BURST,
            signal: stop.signal,
          }),
        )
        await database.query(PAUSE)
      } catch {
        // whether its last commit came through does not matter: the tables decide what the documents must be
        await waitFor(async () => stop.signal.aborted || (await database.query('select 1')).length > 0, {
          what: 'the database to be back',
          timeoutMs: 240_000,
          everyMs: 100,
        })
        reconnects++
      }
    }
  }
  const writing = Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)))
  writing.catch(() => undefined)
  return {
    written,
    get reconnects() {
      return reconnects
    },
    stop: async () => {
      stop.abort()
      await writing
    },
  }
}
