import { describe, expect, it } from '@jest/globals'
import { Op } from '@headrace/wire'
import fc from 'fast-check'
import { ChangeDecoder, type KnownPosition } from './change-decoder.ts'
import { RelationTracker } from './relation.ts'
import { cellsOf, CollectingSink } from './testing/collecting-sink.ts'
import * as send from './testing/pgoutput-messages.ts'

const columns = ['id', 'a', 'b'].map((name, index) => ({
  name,
  typeOid: 25,
  typeModifier: -1,
  key: index === 0,
}))
const table = { oid: 5, schema: 's', table: 't', replicaIdentity: 'd', columns }

type Step =
  | {
      readonly op: 'insert' | 'update'
      readonly id: string
      readonly a: string | null
      readonly b: string | null
    }
  | { readonly op: 'move'; readonly id: string; readonly to: string; readonly a: string | null }
  | { readonly op: 'delete'; readonly id: string }

const ids = fc.constantFrom('1', '2', '3', 'vier', '"5"')
const values = fc.option(fc.string({ maxLength: 8, unit: 'grapheme' }))
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ op: fc.constantFrom('insert', 'update'), id: ids, a: values, b: values }),
  fc.record({ op: fc.constant('move'), id: ids, to: ids, a: values }),
  fc.record({ op: fc.constant('delete'), id: ids }),
)
const transactions = fc.array(fc.array(steps, { maxLength: 8 }), { maxLength: 6 })

/** The stream of the steps, and the rows that are left after them. */
const play = (
  history: readonly (readonly Step[])[],
): { payloads: readonly Buffer[]; rows: Map<string, (string | null)[]> } => {
  const rows = new Map<string, (string | null)[]>()
  const payloads: Buffer[] = []
  history.forEach((inside, index) => {
    const lsn = BigInt(1_000 * (index + 1))
    payloads.push(send.begin(lsn, 1_000_000, index), send.relation(table))
    for (const step of inside) {
      if (step.op === 'delete') {
        if (rows.delete(step.id)) payloads.push(send.remove(5, 'K', [step.id, null, null]))
        continue
      }
      if (step.op === 'move') {
        if (!rows.has(step.id) || rows.has(step.to)) continue
        rows.delete(step.id)
        rows.set(step.to, [step.to, step.a, null])
        payloads.push(send.update(5, [step.to, step.a, null], { kind: 'K', row: [step.id, null, null] }))
        continue
      }
      const row = [step.id, step.a, step.b]
      payloads.push(rows.has(step.id) ? send.update(5, row) : send.insert(5, row))
      rows.set(step.id, row)
    }
    payloads.push(send.commit(lsn, lsn + 48n))
  })
  return { payloads, rows }
}

const decode = (payloads: readonly Buffer[], after?: KnownPosition): CollectingSink => {
  const sink = new CollectingSink()
  const relations = new RelationTracker({ tables: [{ schema: 's', name: 't', keyColumns: ['id'] }] })
  const decoder = new ChangeDecoder({ source: 'db', epoch: 1, relations, sink, ...(after && { after }) })
  for (const payload of payloads) decoder.push(payload, 0, payload.length)
  return sink
}

describe('a decoded stream', () => {
  it('ends in the rows that the source ended in', () => {
    fc.assert(
      fc.property(transactions, history => {
        const { payloads, rows } = play(history)
        const state = new Map<string, unknown>()
        for (const { key, change } of decode(payloads).rows) {
          if (change?.origin?.op === Op.DELETE) state.delete(key!)
          else state.set(key!, cellsOf(change?.new))
        }
        expect(Object.fromEntries(state)).toEqual(Object.fromEntries(rows))
      }),
      { numRuns: 300 },
    )
  })

  it('has positions that grow strictly', () => {
    fc.assert(
      fc.property(transactions, history => {
        const { rows } = decode(play(history).payloads)
        rows.slice(1).forEach((row, index) => {
          const before = rows[index]!
          expect(
            row.commitLsn! > before.commitLsn! ||
              (row.commitLsn === before.commitLsn && row.ordinal! > before.ordinal!),
          ).toBe(true)
        })
      }),
    )
  })

  it('goes on after any position with exactly the rest', () => {
    fc.assert(
      fc.property(transactions, fc.nat(), (history, cut) => {
        const { payloads } = play(history)
        const all = decode(payloads).rows
        if (all.length === 0) return
        const at = cut % all.length
        const { commitLsn, ordinal } = all[at]!
        const rest = decode(payloads, { commitLsn: commitLsn!, ordinal: ordinal!, complete: false }).rows
        expect(rest.map(row => row.value?.toString('hex'))).toEqual(
          all.slice(at + 1).map(row => row.value?.toString('hex')),
        )
      }),
      { numRuns: 300 },
    )
  })
})
