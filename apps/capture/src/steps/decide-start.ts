import { HeadraceError } from '@headrace/errors'
import type { SlotState, SourceIdentity } from '@headrace/postgres'
import { type CapturePosition, formatLsn } from '@headrace/wire'
import type { SourceTable } from '../adapters/captured-table.ts'

/** How capture begins. */
export type Start =
  | { readonly kind: 'stream'; readonly position: CapturePosition }
  /** `sweep`: something of an earlier attempt may be in the topics, so what is not in the new snapshot must go. */
  | { readonly kind: 'load'; readonly epoch: number; readonly sweep: boolean }

export interface Found {
  readonly slotName: string
  readonly slot: SlotState | null
  readonly position: CapturePosition | null
  /** The highest of other slots of the pipeline, 0 when there is none. */
  readonly epochOfOthers: number
  readonly identity: SourceIdentity
  /** Where the server's history left the position's timeline; null: it is the same timeline, or not in its history. */
  readonly timelineEnd: bigint | null
  readonly tables: readonly Pick<SourceTable, 'label' | 'dataset'>[]
}

const RESET = 'Run `headrace source reset` to load the tables anew.'

/** The position in Kafka decides (03 C3). Pure. Throws when going on would lose changes. */
export const decideStart = (found: Found): Start => {
  const { position, slot, identity, epochOfOthers } = found
  // rows that came by another slot, of the same tables under an older name of the source, would win
  if (position === null)
    return { kind: 'load', epoch: epochOfOthers + 1, sweep: slot !== null || epochOfOthers > 0 }
  if (position.snapshot?.finished !== true) {
    // LSNs of another history cannot be compared: rows that were loaded from it would win
    const isSameHistory =
      identity.systemIdentifier === position.systemIdentifier && identity.timeline === position.timeline
    return {
      kind: 'load',
      epoch: isSameHistory ? Math.max(1, position.epoch) : position.epoch + 1,
      sweep: true,
    }
  }
  checkHistory(found, position)
  checkSlot(found, position)
  checkTables(found, position)
  // what a table misses while it is out of the pipeline is acknowledged: it does not count as loaded any more
  const tables = position.snapshot.tables.flatMap(known => {
    const table = found.tables.find(({ label }) => label === known.table)
    return table === undefined ? [] : [{ ...known, dataset: table.dataset }]
  })
  return { kind: 'stream', position: { ...position, snapshot: { ...position.snapshot, tables } } }
}

const checkHistory = ({ identity, timelineEnd, slotName }: Found, position: CapturePosition): void => {
  const where = `slot ${slotName}`
  if (identity.systemIdentifier !== position.systemIdentifier) {
    const words = `the position belongs to the database system ${position.systemIdentifier}, this is ${identity.systemIdentifier}`
    throw new HeadraceError('capture.source_rewritten', words, { where, hint: `Check the address. ${RESET}` })
  }
  if (identity.timeline === position.timeline) return
  if (timelineEnd === null || timelineEnd < position.acknowledgedLsn || timelineEnd <= position.commitLsn) {
    const words = `the server is on timeline ${identity.timeline}, which left timeline ${position.timeline} before the position in Kafka`
    throw new HeadraceError('capture.source_rewritten', words, { where, hint: RESET })
  }
}

/** Throws when the slot would not give all that follows the position. */
export const checkSlot = (
  { slot, slotName }: Pick<Found, 'slot' | 'slotName'>,
  position: CapturePosition,
): void => {
  const where = `slot ${slotName}`
  if (slot === null || slot.confirmed === null)
    throw new HeadraceError('capture.slot_lost', 'the replication slot is gone', { where, hint: RESET })
  if (slot.walStatus === 'lost')
    throw new HeadraceError('capture.slot_lost', 'the WAL that the slot needs was removed', {
      where,
      hint: RESET,
    })
  if (slot.confirmed > position.acknowledgedLsn) {
    const words = `the slot stands at ${formatLsn(slot.confirmed)}, Kafka has the changes up to ${formatLsn(position.acknowledgedLsn)}`
    throw new HeadraceError('capture.slot_ahead', words, { where, hint: RESET })
  }
}

const checkTables = ({ tables, slotName }: Found, position: CapturePosition): void => {
  const loaded = new Map(position.snapshot?.tables.map(({ table, dataset }) => [table, dataset]))
  const missing = tables.filter(({ label }) => !loaded.has(label)).map(({ label }) => label)
  const problems = tables.flatMap(({ label, dataset }) => {
    const before = loaded.get(label) ?? ''
    if (before === '' || before === dataset) return []
    return [
      `${label} was loaded as the dataset ${before}, the pipeline says ${dataset}, whose topic lacks its rows`,
    ]
  })
  if (missing.length > 0)
    problems.unshift(
      `rows of ${missing.join(', ')} are not in Kafka: the pipeline got these tables after its first load, or was without them for a while`,
    )
  if (problems.length === 0) return
  throw new HeadraceError('capture.table_not_loaded', problems.join('; '), {
    where: `slot ${slotName}`,
    hint: RESET,
  })
}
