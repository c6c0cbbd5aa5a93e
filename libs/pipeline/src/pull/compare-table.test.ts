import { describe, expect, it } from '@jest/globals'
import type { ContractField } from '@headrace/validation'
import type { ColumnKind } from '@headrace/wire'
import { compareTable } from './compare-table.ts'
import type { PulledColumn } from './pulled-table.ts'

const field = (name: string, kind: ColumnKind, more: Partial<ContractField> = {}): ContractField => ({
  name,
  column: name,
  type: { kind, dimensions: 0 },
  number: 1,
  required: false,
  rules: [],
  ...more,
})

const column = (name: string, type: string, more: Partial<PulledColumn> = {}): PulledColumn => ({
  name,
  type,
  baseType: type,
  labels: [],
  notNull: false,
  generated: false,
  deterministic: true,
  ...more,
})

const compared = (fields: readonly ContractField[], columns: readonly PulledColumn[]): readonly string[] =>
  compareTable('shop', { fields }, columns).map(({ kind, what }) => `${kind}: ${what}`)

describe('a table beside its contract (03 C15)', () => {
  it('is as the contract says, also under another name, wider, as text, or through a domain', () => {
    expect(
      compared(
        [
          field('id', 'int64', { required: true }),
          field('title', 'text', { column: 'name' }),
          field('price', 'decimal'),
          field('meta', 'text'),
          field('mood', 'text', { type: { kind: 'text', dimensions: 0, labels: ['sad', 'fine'] } }),
        ],
        [
          column('id', 'integer', { notNull: true }),
          column('name', 'character varying(20)'),
          column('price', 'money_of_ours', { baseType: 'numeric' }),
          column('meta', 'jsonb'),
          column('mood', 'mood', { labels: ['sad', 'fine'] }),
          column('twice', 'integer', { generated: true }),
          column('shape', 'geometry'),
        ],
      ),
    ).toEqual([])
  })

  it('lacks a column, has another type', () => {
    expect(
      compared(
        [field('gone', 'text'), field('id', 'int32'), field('tags', 'text'), field('at', 'date')],
        [column('id', 'bigint'), column('tags', 'text[]'), column('at', 'timestamp with time zone')],
      ),
    ).toEqual([
      'error: the table shop has no column "gone", which its contract has',
      'error: the column "id" of shop is of type bigint; its contract reads it as int32',
      'error: the column "tags" of shop is of type text[]; its contract reads it as text',
      'error: the column "at" of shop is of type timestamp with time zone; its contract reads it as date',
    ])
  })

  it('is mended by steps that are all named', () => {
    const [renamed, retyped] = compareTable(
      'shop',
      { fields: [field('gone', 'text'), field('id', 'int32')] },
      [column('id', 'text')],
    )
    expect(renamed?.todo).toContain('physicalName: NEW_NAME')
    expect(retyped?.todo).toMatch(/logicalType: string, physicalType: text .*contracts lock.*source reset/)
  })

  it('has a new column, a new label, or nulls where the contract requires a value', () => {
    expect(
      compared(
        [
          field('id', 'int32', { required: true }),
          field('mood', 'text', { type: { kind: 'text', dimensions: 0, labels: ['sad'] } }),
        ],
        [column('id', 'integer'), column('mood', 'mood', { labels: ['sad', 'fine'] }), column('new', 'text')],
      ),
    ).toEqual([
      'note: the column "id" of shop may hold nulls; its contract requires a value',
      'note: the column "mood" of shop has labels that its contract does not list: fine',
      'note: the column "new" of shop is not in its contract, so nobody downstream sees it',
    ])
  })
})
