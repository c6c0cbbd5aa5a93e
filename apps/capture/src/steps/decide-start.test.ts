import { describe, expect, it } from '@jest/globals'
import type { SlotState } from '@headrace/postgres'
import type { CapturePosition } from '@headrace/wire'
import { decideStart, type Found } from './decide-start.ts'

const position: CapturePosition = {
  slot: 's',
  epoch: 2,
  commitLsn: 1_000n,
  ordinal: 4,
  complete: true,
  acknowledgedLsn: 1_048n,
  systemIdentifier: '77',
  timeline: 1,
  snapshot: {
    consistentLsn: 500n,
    finished: true,
    tables: [{ table: 'public.item', rowsDone: 1n, rowsEstimated: 1n, finished: true, dataset: 'item' }],
  },
}
const slot: SlotState = {
  plugin: 'pgoutput',
  database: 'db',
  active: false,
  activePid: null,
  confirmed: 1_048n,
  restart: 900n,
  walStatus: 'reserved',
  safeWalSize: null,
}
const found: Found = {
  slotName: 's',
  slot,
  position,
  epochOfOthers: 0,
  identity: { systemIdentifier: '77', timeline: 1 },
  timelineEnd: null,
  tables: [{ label: 'public.item', dataset: 'item' }],
}

const refusal = (changed: Partial<Found>): { readonly code: string; readonly message: string } => {
  try {
    decideStart({ ...found, ...changed })
    return { code: 'none', message: '' }
  } catch (error) {
    return error as { code: string; message: string }
  }
}
const codeOf = (changed: Partial<Found>): string => refusal(changed).code

describe('decideStart', () => {
  it('loads when Kafka has no position, and sweeps when there was a slot', () => {
    expect(decideStart({ ...found, position: null, slot: null })).toEqual({
      kind: 'load',
      epoch: 1,
      sweep: false,
    })
    expect(decideStart({ ...found, position: null })).toEqual({ kind: 'load', epoch: 1, sweep: true })
  })

  it('begins behind what came by other slots: its tables may have been theirs, under another name of the source', () => {
    for (const each of [slot, null])
      expect(decideStart({ ...found, position: null, slot: each, epochOfOthers: 4 })).toEqual({
        kind: 'load',
        epoch: 5,
        sweep: true,
      })
    expect(decideStart({ ...found, epochOfOthers: 4 })).toMatchObject({ kind: 'stream' })
  })

  it('loads anew with sweep when the load had not finished, in the epoch of the position', () => {
    const unfinished = { ...position, snapshot: { consistentLsn: 500n, finished: false, tables: [] } }
    expect(decideStart({ ...found, position: unfinished })).toEqual({ kind: 'load', epoch: 2, sweep: true })
  })

  it('loads in a new epoch when an unfinished load begins anew on another server', () => {
    const unfinished = { ...position, snapshot: { consistentLsn: 500n, finished: false, tables: [] } }
    for (const identity of [
      { systemIdentifier: '78', timeline: 1 },
      { systemIdentifier: '77', timeline: 2 },
    ])
      expect(decideStart({ ...found, position: unfinished, identity })).toEqual({
        kind: 'load',
        epoch: 3,
        sweep: true,
      })
  })

  it('streams from the position when the slot is at or behind it', () => {
    expect(decideStart(found)).toEqual({ kind: 'stream', position })
    expect(decideStart({ ...found, slot: { ...slot, confirmed: 1n } })).toEqual({ kind: 'stream', position })
  })

  it('stops when going on would lose changes', () => {
    expect(codeOf({ slot: { ...slot, confirmed: 1_049n } })).toBe('capture.slot_ahead')
    expect(codeOf({ slot: null })).toBe('capture.slot_lost')
    expect(codeOf({ slot: { ...slot, walStatus: 'lost' } })).toBe('capture.slot_lost')
    expect(codeOf({ tables: [...found.tables, { label: 'public.late', dataset: 'late' }] })).toBe(
      'capture.table_not_loaded',
    )
    expect(codeOf({ identity: { systemIdentifier: '78', timeline: 1 } })).toBe('capture.source_rewritten')
  })

  it('stops when a table is back whose changes were left out while the pipeline did not have it', () => {
    const both = [...position.snapshot!.tables, { ...position.snapshot!.tables[0]!, table: 'public.gone' }]
    const known = { ...position, snapshot: { ...position.snapshot!, tables: both } }
    const without = decideStart({ ...found, position: known })
    expect(without).toEqual({ kind: 'stream', position })
    const tables = [...found.tables, { label: 'public.gone', dataset: 'item' }]
    expect(codeOf({ position: known, tables })).toBe('none')
    expect(codeOf({ ...without, tables })).toBe('capture.table_not_loaded')
  })

  it('stops when the rows of a table are in the topic of another dataset', () => {
    const tables = [{ label: 'public.item', dataset: 'thing' }]
    const { code, message } = refusal({ tables })
    expect(code).toBe('capture.table_not_loaded')
    expect(message).toContain('public.item was loaded as the dataset item, the pipeline says thing')
    // an older release did not write where they went: that counts which the pipeline says when this is first seen
    const [known] = position.snapshot!.tables
    const unnamed = { ...position.snapshot!, tables: [{ ...known!, dataset: '' }] }
    const start = decideStart({ ...found, position: { ...position, snapshot: unnamed } })
    expect(start).toEqual({ kind: 'stream', position })
  })

  it('goes on after a fail-over that kept all that Kafka has, and only then', () => {
    const moved = { identity: { systemIdentifier: '77', timeline: 2 } }
    expect(codeOf({ ...moved, timelineEnd: 1_048n })).toBe('none')
    expect(codeOf({ ...moved, timelineEnd: 1_047n })).toBe('capture.source_rewritten')
    expect(codeOf({ ...moved, timelineEnd: null })).toBe('capture.source_rewritten')
    const inside = { ...position, commitLsn: 2_000n, complete: false }
    expect(codeOf({ ...moved, position: inside, timelineEnd: 1_500n })).toBe('capture.source_rewritten')
  })
})
