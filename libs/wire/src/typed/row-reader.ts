import { HeadraceError } from '@headrace/errors'
import { Op, Origin } from '../generated/headrace/v1/origin.pb.ts'
import { wireTypeOf } from './field-type.ts'
import { Input } from './input.ts'
import type { MessageField, MessageSchema } from './message-schema.ts'
import { readJsonText, type ScalarReader, scalarReaders } from './scalar-readers.ts'

/** A typed record as the aggregator sees it. */
export interface TypedRow {
  readonly origin: Origin
  /**
   * One entry per asked name, in that order: the JSON text that Postgres' to_json prints for the value in a UTC session, null for
   * SQL NULL. A name that stands in `origin.unchanged` has no value here (null); so has a non-key column of a delete.
   */
  readonly values: (string | null)[]
}

/** Reads the payload of a frame (without the framing). Throws decode.payload. */
export type RowReader = (payload: Buffer) => TypedRow

interface Slot {
  readonly index: number
  readonly repeated: boolean
  readonly wireType: number
  readonly read: ScalarReader
}

const slotOf = (field: MessageField, index: number): Slot => ({
  index,
  repeated: field.repeated,
  wireType: wireTypeOf(field.type),
  read: field.column.dimensions > 0 && !field.repeated ? readJsonText : scalarReaders[field.column.kind],
})

/** One element, or a packed run of them. */
const readElements = (input: Input, slot: Slot, wireType: number, into: string[]): void => {
  if (wireType === slot.wireType) {
    into.push(slot.read(input))
    return
  }
  const end = input.delimitedEnd()
  while (input.at < end) into.push(slot.read(input))
}

const fillLists = (
  origin: Origin,
  schema: MessageSchema,
  names: readonly string[],
  lists: ReadonlyMap<number, readonly string[]>,
  values: (string | null)[],
): void => {
  if (origin.op === Op.DELETE) return
  for (const field of schema.fields) {
    if (!field.repeated || origin.unchanged.includes(field.name)) continue
    const index = names.indexOf(field.name)
    if (index >= 0) values[index] = `[${(lists.get(index) ?? []).join(',')}]`
  }
}

const fieldNamed = (schema: MessageSchema, name: string): MessageField => {
  const field = schema.fields.find(each => each.name === name)
  if (field === undefined)
    throw new HeadraceError('internal.bug', `message ${schema.message} has no field ${name}`)
  return field
}

/** Compiles a reader of the named fields; everything else is skipped unread. Unknown names: internal.bug. */
export const compileRowReader = (schema: MessageSchema, names: readonly string[]): RowReader => {
  const slots: (Slot | undefined)[] = []
  let hasLists = false
  names.forEach((name, index) => {
    const field = fieldNamed(schema, name)
    hasLists ||= field.repeated
    slots[field.number] = slotOf(field, index)
  })
  return payload => {
    const input = new Input(payload)
    const values = new Array<string | null>(names.length).fill(null)
    const lists = new Map<number, string[]>()
    let origin: Origin | undefined
    while (input.at < input.end) {
      const tag = input.varint32()
      const wireType = tag & 7
      const slot = slots[tag >>> 3]
      if (tag === 10) {
        const end = input.delimitedEnd()
        origin = Origin.decode(payload.subarray(input.at, end))
        input.at = end
      } else if (slot === undefined) {
        input.skip(wireType)
      } else if (slot.repeated) {
        const list = lists.get(slot.index) ?? []
        lists.set(slot.index, list)
        readElements(input, slot, wireType, list)
      } else if (wireType === slot.wireType) {
        values[slot.index] = slot.read(input)
      } else {
        throw new HeadraceError(
          'decode.payload',
          `field ${tag >>> 3} of ${schema.message} has wire type ${wireType}`,
        )
      }
    }
    if (origin === undefined)
      throw new HeadraceError('decode.payload', `a record of ${schema.message} has no origin`)
    if (hasLists) fillLists(origin, schema, names, lists, values)
    return { origin, values }
  }
}
