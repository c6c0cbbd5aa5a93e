import { type OpenDatabase, type Random, writeRandomly, type Written } from '@headrace/testkit'
import { SLICES } from './dataset-rows.ts'
import { randomChange } from './random-change.ts'
import type { Ids } from './statement.ts'

export interface WriterOptions {
  readonly database: Pick<OpenDatabase, 'pool'>
  readonly random: Random
  /** Changes of all writers together. */
  readonly changes: number
  readonly writers: number
  /** Rows that were there before: ids from 1. */
  readonly images: number
  readonly annotations: number
  /** Ids of new rows begin above this; give another one to each call on one database. */
  readonly firstNewId: number
  /** Stops early. */
  readonly signal?: AbortSignal
}

const IDS_PER_WRITER = 1_000_000

/** Several writers at full speed until all changes are made. The same seed draws the same changes per writer. */
export const writeRandomChanges = (options: WriterOptions): Promise<Written> => {
  const { database, random, changes, writers, images, annotations, firstNewId, signal } = options
  const ids = Array.from({ length: writers }, (_, writer): Ids => {
    let newId = firstNewId + writer * IDS_PER_WRITER
    return { images, annotations, slices: SLICES, next: () => newId++ }
  })
  const change = (own: Random, writer: number) => randomChange(own, ids[writer] as Ids)
  return writeRandomly({ database, random, changes, writers, change, signal })
}
