import { HeadraceError } from '@headrace/errors'
import type { ByteWriter } from './byte-writer.ts'
import type { AggregatePlan, EdgePlan, GroupPlan } from './plan.ts'
import { sortKeyOf } from './sort-key.ts'
import { unquoted } from './key-text.ts'
import { valuesAt } from './projected-row.ts'

/** What is kept of one edge of one document: how many rows, and how often each value of the counted columns. */
interface EdgeCounts {
  rows: number
  /** Per counted column: JSON text -> rows with it. Nulls are not counted (05 §7 case 30). */
  readonly values: readonly Map<string, number>[]
}

/** All aggregates of one document, maintained from old and new row (05 A9). */
export class GroupAggregates {
  readonly edges: readonly EdgeCounts[]

  constructor(plan: GroupPlan, stored?: Buffer) {
    this.edges = plan.edges.map(edge => ({
      rows: 0,
      values: edge.counted.map(() => new Map<string, number>()),
    }))
    if (stored !== undefined) this.read(stored)
  }

  /** `from` = where the ProjectedRow begins in `bytes`; `by` is 1 for a row that came, -1 for one that went. */
  add(edge: EdgePlan, edgeIndex: number, bytes: Buffer, from: number, by: 1 | -1): void {
    const counts = this.edges[edgeIndex]!
    counts.rows += by
    if (edge.counted.length === 0) return
    const texts = valuesAt(bytes, from, edge.countedPlaces)
    for (let i = 0; i < texts.length; i++) bump(counts.values[i]!, texts[i]!, by)
  }

  /** An updated row: only values that differ are counted anew. */
  replace(edge: EdgePlan, edgeIndex: number, old: Buffer, oldFrom: number, row: Buffer): void {
    if (edge.counted.length === 0) return
    const counts = this.edges[edgeIndex]!
    const places = edge.countedPlaces
    const before = valuesAt(old, oldFrom, places)
    const after = valuesAt(row, 0, places)
    for (let i = 0; i < places.length; i++) {
      if (before[i] === after[i]) continue
      bump(counts.values[i]!, before[i]!, -1)
      bump(counts.values[i]!, after[i]!, 1)
    }
  }

  get isEmpty(): boolean {
    return this.edges.every(edge => edge.rows === 0)
  }

  /** Into `writer`, which is empty before and after. */
  encode(writer: ByteWriter): Buffer {
    const numbers: (number | string)[] = []
    for (const { rows, values } of this.edges) {
      numbers.push(rows)
      for (const counted of values) {
        numbers.push(counted.size)
        for (const [text, n] of counted) numbers.push(text, n)
      }
    }
    return encodeSequence(numbers, writer)
  }

  private read(stored: Buffer): void {
    const reader = new SequenceReader(stored)
    for (const edge of this.edges) {
      edge.rows = reader.number()
      for (const counted of edge.values) {
        for (let left = reader.number(); left > 0; left--) counted.set(reader.text(), reader.number())
      }
    }
  }
}

const bump = (counted: Map<string, number>, text: string, by: 1 | -1): void => {
  if (text === 'null') return
  const n = (counted.get(text) ?? 0) + by
  if (n < 0)
    throw new HeadraceError(
      'internal.bug',
      'a value was taken out of an aggregate more often than it was put in',
    )
  if (n === 0) counted.delete(text)
  else counted.set(text, n)
}

const encodeSequence = (items: readonly (number | string)[], writer: ByteWriter): Buffer => {
  for (const item of items) {
    if (typeof item === 'number') writeNumber(writer, item)
    else {
      writeNumber(writer, Buffer.byteLength(item))
      writer.appendText(item)
    }
  }
  return writer.take()
}

const writeNumber = (writer: ByteWriter, value: number): void => {
  for (; value > 0x7f; value = Math.floor(value / 128)) writer.appendByte((value & 0x7f) | 0x80)
  writer.appendByte(value)
}

class SequenceReader {
  private at = 0
  private readonly bytes: Buffer

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  number(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.at++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }

  text(): string {
    const length = this.number()
    this.at += length
    return this.bytes.toString('utf8', this.at - length, this.at)
  }
}

/** JSON text of an aggregate's value. */
export const aggregateText = (plan: AggregatePlan, { edges }: GroupAggregates): string => {
  const edge = edges[plan.edge]!
  if (plan.function === 'count') return String(edge.rows)
  const counted = edge.values[plan.counted]!
  switch (plan.function) {
    case 'countBy':
      return `{${sortedTexts(counted)
        .map(text => `${nameOf(text)}:${counted.get(text)}`)
        .join(',')}}`
    case 'distinct':
      return String(
        new Set([...counted.keys()].map(text => sortKeyOf(plan.type!, text).toString('latin1'))).size,
      )
    case 'min':
    case 'max':
      return extreme(plan, counted)
    case 'sum':
      return sumOf(counted)
  }
}

/** `[{"key":"car","n":3}]`: how the index takes a countBy (06 E7). */
export const countByEntries = (plan: AggregatePlan, { edges }: GroupAggregates): string => {
  const counted = edges[plan.edge]!.values[plan.counted]!
  return `[${sortedTexts(counted)
    .map(text => `{"key":${nameOf(text)},"n":${counted.get(text)}}`)
    .join(',')}]`
}

const sortedTexts = (counted: ReadonlyMap<string, number>): string[] => [...counted.keys()].sort()

/** A JSON value as a JSON string: names of an object's members are strings. */
const nameOf = (text: string): string => (text.startsWith('"') ? text : `"${text}"`)

const extreme = ({ function: name, type }: AggregatePlan, counted: ReadonlyMap<string, number>): string => {
  let best: { readonly text: string; readonly key: Buffer } | undefined
  for (const text of counted.keys()) {
    const key = sortKeyOf(type!, text)
    const order = best === undefined ? 0 : Buffer.compare(key, best.key)
    if (best === undefined || (name === 'min' ? order < 0 : order > 0)) best = { text, key }
  }
  return best?.text ?? 'null'
}

/** Exact sum of integers and decimals; like Postgres with the largest scale of its parts, null of nothing. */
const sumOf = (counted: ReadonlyMap<string, number>): string => {
  if (counted.size === 0) return 'null'
  const parts = [...counted].map(([text, n]) => ({ text: unquoted(text), n: BigInt(n) }))
  const special = specialSum(parts.map(part => part.text))
  if (special !== undefined) return `"${special}"`
  const scale = Math.max(
    ...parts.map(({ text }) => (text.includes('.') ? text.length - text.indexOf('.') - 1 : 0)),
  )
  let sum = 0n
  for (const { text, n } of parts) {
    const [whole = '0', fraction = ''] = text.split('.')
    sum += BigInt(whole + fraction.padEnd(scale, '0')) * n
  }
  if (scale === 0) return sum.toString()
  const digits = (sum < 0n ? -sum : sum).toString().padStart(scale + 1, '0')
  return `${sum < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

const specialSum = (texts: readonly string[]): string | undefined => {
  const up = texts.includes('Infinity')
  const down = texts.includes('-Infinity')
  if (texts.includes('NaN') || (up && down)) return 'NaN'
  return up ? 'Infinity' : down ? '-Infinity' : undefined
}
