import { describe, expect, it } from '@jest/globals'
import {
  type ColumnKind,
  type ColumnType,
  compileRowReader,
  Op,
  type Origin,
  type RelationDescription,
  type RowChange,
  type Tuple,
} from '@headrace/wire'
import { compileValidator } from './compile-validator.ts'
import type { Contract, ContractField, FieldRule } from './contract.ts'
import { deadLetterCodes } from './dead-letter-codes.ts'
import { deriveMessage } from './derive-message.ts'

type Cell = string | null | undefined

const tuple = (cells: readonly Cell[]): Tuple => ({
  kinds: Buffer.from(cells.map(cell => (cell === null ? 'n' : cell === undefined ? 'u' : 't')).join('')),
  values: cells.filter(cell => typeof cell === 'string').map(cell => Buffer.from(cell)),
})

const origin = (op: Op): Origin => ({
  source: 'main',
  epoch: 1,
  commitLsn: 5n,
  ordinal: 2,
  xid: 1,
  commitTimeUs: 0n,
  op,
  snapshot: false,
  repair: false,
  traceId: '',
  contractVersion: '',
  unchanged: [],
})

const insert = (...cells: Cell[]): RowChange => ({
  origin: origin(Op.INSERT),
  relation: 1n,
  old: undefined,
  tooLargeBytes: 0,
  new: tuple(cells),
})

const relation = (...names: string[]): RelationDescription => ({
  fingerprint: 1n,
  schema: 'public',
  table: 't',
  oid: 1,
  replicaIdentity: 'd',
  columns: names.map(name => ({ name, typeOid: 0, typeModifier: -1, key: name === 'id' })),
})

const field = (
  number: number,
  name: string,
  type: ColumnType,
  more: Partial<ContractField> = {},
): ContractField => ({
  name,
  column: name,
  type,
  number,
  required: false,
  rules: [],
  ...more,
})

const ID = field(2, 'id', { kind: 'int64', dimensions: 0 }, { required: true })

const contractOf = (...fields: ContractField[]): Contract => ({
  id: 'c',
  version: '3',
  owner: 'o',
  dataset: 'd',
  kind: 'change',
  fields: [ID, ...fields],
  primaryKey: ['id'],
  onInvalid: 'withhold',
  unenforced: [],
})

/** Outcome of a value under rules: `valid`, or the code. */
const verdict = (
  kind: ColumnKind,
  rule: FieldRule | undefined,
  value: Cell,
  more: Partial<ContractField> = {},
): string => {
  const v = field(3, 'v', { kind, dimensions: 0 }, { rules: rule === undefined ? [] : [rule], ...more })
  const outcome = compileValidator(contractOf(v)).bind(relation('id', 'v')).judge(insert('1', value))
  return outcome.kind === 'valid' ? 'valid' : outcome.code
}

const range = (bounds: Omit<Extract<FieldRule, { rule: 'range' }>, 'rule'>): FieldRule => ({
  rule: 'range',
  ...bounds,
})

describe('V2 the rules of a contract', () => {
  it.each<[ColumnKind, FieldRule, string, string]>([
    ['int32', range({ min: '1', max: '10' }), '1', 'valid'],
    ['int32', range({ min: '1', max: '10' }), '10', 'valid'],
    ['int32', range({ min: '1' }), '0', 'contract.range'],
    ['int32', range({ max: '10' }), '11', 'contract.range'],
    ['int32', range({ exclusiveMin: '1' }), '1', 'contract.range'],
    ['int32', range({ exclusiveMax: '10' }), '10', 'contract.range'],
    ['int64', range({ max: '9007199254740992' }), '9007199254740993', 'contract.range'],
    ['int64', range({ min: '9007199254740993' }), '9007199254740993', 'valid'],
    ['decimal', range({ max: '0.1' }), '0.1000000000000000000001', 'contract.range'],
    ['decimal', range({ max: '0.1' }), '0.100', 'valid'],
    ['decimal', range({ min: '-1.5' }), '-1.50', 'valid'],
    ['decimal', range({ max: '5' }), 'NaN', 'contract.range'],
    ['decimal', range({ min: '5' }), 'Infinity', 'valid'],
    ['decimal', range({ max: '5' }), 'Infinity', 'contract.range'],
    ['float64', range({ max: '0.0000001' }), '1e-07', 'valid'],
    ['float64', range({ max: '1' }), '1e+20', 'contract.range'],
    ['float64', range({ min: '1' }), '1e+20', 'valid'],
    ['int32', { rule: 'multipleOf', of: '5' }, '-10', 'valid'],
    ['int32', { rule: 'multipleOf', of: '5' }, '7', 'contract.range'],
    ['decimal', { rule: 'multipleOf', of: '0.01' }, '1.230', 'valid'],
    ['decimal', { rule: 'multipleOf', of: '0.01' }, '1.231', 'contract.range'],
    ['text', { rule: 'length', min: 1, max: 2 }, '', 'contract.length'],
    ['text', { rule: 'length', min: 1, max: 2 }, '\u{1F600}\u{1F600}', 'valid'],
    ['text', { rule: 'length', min: 1, max: 2 }, 'abc', 'contract.length'],
    ['text', { rule: 'pattern', pattern: 'b' }, 'abc', 'valid'],
    ['text', { rule: 'pattern', pattern: '^b' }, 'abc', 'contract.pattern'],
    ['text', { rule: 'pattern', pattern: '^(a+)+$' }, `${'a'.repeat(5000)}b`, 'contract.pattern'],
    ['text', { rule: 'enum', values: ['a', 'b'] }, 'b', 'valid'],
    ['text', { rule: 'enum', values: ['a', 'b'] }, 'B', 'contract.enum'],
    ['decimal', { rule: 'enum', values: ['1.0'] }, '1.00', 'valid'],
    ['boolean', { rule: 'enum', values: ['true'] }, 't', 'valid'],
    ['boolean', { rule: 'enum', values: ['true'] }, 'f', 'contract.enum'],
    ['text', { rule: 'missing', values: ['', 'N/A'] }, 'N/A', 'contract.missing'],
    ['text', { rule: 'missing', values: ['', 'N/A'] }, 'x', 'valid'],
    ['text', { rule: 'format', format: 'email' }, 'a.b@example.org', 'valid'],
    ['text', { rule: 'format', format: 'email' }, 'a@b@', 'contract.format'],
    ['text', { rule: 'format', format: 'uri' }, 'https://example.org/a?b=%20', 'valid'],
    ['text', { rule: 'format', format: 'uri' }, '/a b', 'contract.format'],
    ['text', { rule: 'format', format: 'uuid' }, '00000000-0000-0000-0000-000000000000', 'valid'],
    ['text', { rule: 'format', format: 'date' }, '2023-02-29', 'contract.format'],
    ['text', { rule: 'format', format: 'date' }, '2024-02-29', 'valid'],
    ['text', { rule: 'format', format: 'date-time' }, '2024-02-29T23:59:60Z', 'valid'],
    ['text', { rule: 'format', format: 'date-time' }, '2024-02-29 24:00:00Z', 'contract.format'],
    ['text', { rule: 'format', format: 'ipv4' }, '10.0.0.255', 'valid'],
    ['text', { rule: 'format', format: 'ipv4' }, '10.0.0.256', 'contract.format'],
    ['text', { rule: 'format', format: 'ipv6' }, '2001:db8::1', 'valid'],
    ['text', { rule: 'format', format: 'ipv6' }, '::ffff:1.2.3.4', 'valid'],
    ['text', { rule: 'format', format: 'ipv6' }, '1::2::3', 'contract.format'],
    ['text', { rule: 'format', format: 'ipv6' }, '1:2:3:4:5:6:7:8:9', 'contract.format'],
    ['text', { rule: 'format', format: 'hostname' }, 'a-b.example', 'valid'],
    ['text', { rule: 'format', format: 'hostname' }, '-a.example', 'contract.format'],
  ])('%s %j: %j is %s', (kind, rule, value, expected) => {
    expect(verdict(kind, rule, value)).toBe(expected)
  })

  it('judge no nulls, but for required', () => {
    expect(verdict('int32', range({ min: '1' }), null)).toBe('valid')
    expect(verdict('int32', range({ min: '1' }), null, { required: true })).toBe('contract.missing')
  })

  it('judge no unchanged values', () => {
    expect(verdict('int32', range({ min: '1' }), undefined, { required: true })).toBe('valid')
  })

  it('take the labels of an enum as a rule', () => {
    const labels = { type: { kind: 'text', dimensions: 0, labels: ['red', 'green'] } } as const
    expect([verdict('text', undefined, 'red', labels), verdict('text', undefined, 'blue', labels)]).toEqual([
      'valid',
      'contract.enum',
    ])
  })

  it('check that JSON is JSON where the column may hold anything', () => {
    expect([verdict('json', undefined, '{"a": 1}'), verdict('json', undefined, '{a}')]).toEqual([
      'valid',
      'contract.type',
    ])
  })
})

describe('V1 a bound validator', () => {
  const contract = contractOf(
    field(3, 'b', { kind: 'text', dimensions: 0 }),
    field(4, 'a', { kind: 'text', dimensions: 0 }, { column: 'A!' }),
  )
  const read = compileRowReader(deriveMessage(contract), ['id', 'a', 'b'])

  it('maps columns by name, whatever their order; columns outside the contract are left out', () => {
    const outcome = compileValidator(contract)
      .bind(relation('b', 'zz', 'A!', 'id'))
      .judge(insert('x', 'ignored', 'y', '7'))
    expect(outcome.kind === 'valid' && read(outcome.value).values).toEqual(['7', '"y"', '"x"'])
  })

  it('sets the version of the contract and names what did not change', () => {
    const outcome = compileValidator(contract)
      .bind(relation('id', 'b', 'A!'))
      .judge(insert('7', undefined, undefined))
    expect(outcome.kind === 'valid' && read(outcome.value).origin).toMatchObject({
      contractVersion: '3',
      unchanged: ['b', 'a'],
      commitLsn: 5n,
    })
  })

  it('takes unchanged values from the old row where the table sends it in full', () => {
    const bound = compileValidator(contract).bind({ ...relation('id', 'b', 'A!'), replicaIdentity: 'f' })
    const outcome = bound.judge({ ...insert('7', undefined, 'new'), old: tuple(['7', 'kept', 'before']) })
    expect(outcome.kind === 'valid' && read(outcome.value)).toMatchObject({
      values: ['7', '"new"', '"kept"'],
      origin: { unchanged: [] },
    })
  })

  it('treats a column that the table lacks as null, or rejects every row when it is required', () => {
    const outcome = compileValidator(contract).bind(relation('id', 'b')).judge(insert('7', 'x'))
    expect(outcome.kind === 'valid' && read(outcome.value).values).toEqual(['7', null, '"x"'])
    expect(compileValidator(contract).bind(relation('b')).judge(insert('x'))).toMatchObject({
      code: 'schema.column_missing',
      path: 'id',
    })
  })

  it('makes a deletion of key columns only, from the old row or a rejected new one, never judging', () => {
    const bound = compileValidator(contract).bind(relation('id', 'b', 'A!'))
    const gone = {
      origin: origin(Op.DELETE),
      relation: 1n,
      old: tuple(['7', null, null]),
      new: undefined,
      tooLargeBytes: 0,
    }
    expect(read(bound.deletion(gone))).toMatchObject({
      values: ['7', null, null],
      origin: { op: Op.DELETE, ordinal: 2 },
    })
    expect(read(bound.deletion(insert('8', 'x', 'y')))).toMatchObject({
      values: ['8', null, null],
      origin: { op: Op.DELETE, ordinal: 2 },
    })
    expect(read(bound.deletion(insert('no number', 'x', 'y')))).toMatchObject({
      values: [null, null, null],
      origin: { op: Op.DELETE },
    })
  })

  it('never puts a value into a message', () => {
    const secret = field(
      3,
      'v',
      { kind: 'text', dimensions: 0 },
      { rules: [{ rule: 'enum', values: ['a'] }] },
    )
    const outcome = compileValidator(contractOf(secret))
      .bind(relation('id', 'v'))
      .judge(insert('1', 's3cret'))
    expect(JSON.stringify(outcome)).not.toContain('s3cret')
  })

  it('goes on after a rejected row', () => {
    const bound = compileValidator(contract).bind(relation('id', 'b', 'A!'))
    expect(bound.judge(insert('x', 'b', 'a')).kind).toBe('dead')
    const outcome = bound.judge(insert('1', 'b', 'a'))
    expect(outcome.kind === 'valid' && read(outcome.value).values).toEqual(['1', '"a"', '"b"'])
  })
})

describe('dead-letter codes', () => {
  it('are all of a known category and explained', () => {
    for (const [code, { meaning }] of Object.entries(deadLetterCodes)) {
      expect(code).toMatch(/^(contract|decode|edge|enrich|internal|schema|sink)\.[a-z_]+$/)
      expect(meaning.length).toBeGreaterThan(20)
    }
  })
})
