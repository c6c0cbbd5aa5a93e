import { type ArrayElement, parseArrayText } from './array-text.ts'
import { wireTypeOf } from './field-type.ts'
import { jsonText } from './json-text.ts'
import type { MessageField, MessageSchema } from './message-schema.ts'
import { Output } from './output.ts'
import { scalarWriters, type WriteFault } from './scalar-writers.ts'
import { WIRE_DELIMITED } from './wire-types.ts'

/**
 * Writes one row after another into the same buffer. For each row: `begin`, then `write` for each value that is there, in the order
 * of the schema's fields, then `finish`. A SQL NULL and an unchanged column are simply not written. After a fault the row is void:
 * `begin` again.
 */
export interface RowEncoder {
  /** `origin`: bytes of an encoded headrace.v1.Origin. */
  begin(origin: Uint8Array): void
  /** Value of `schema.fields[index]` as Postgres printed it. */
  write(index: number, text: Uint8Array): WriteFault | undefined
  /** The prefix and the message, copied out. */
  finish(): Buffer
}

type FieldWriter = (out: Output, text: Uint8Array) => WriteFault | undefined

const ORIGIN_TAG = (1 << 3) | WIRE_DELIMITED

const scalarField = (field: MessageField): FieldWriter => {
  const tag = (field.number << 3) | wireTypeOf(field.type)
  const write = scalarWriters[field.column.kind]
  return (out, text) => {
    out.reserve(32)
    out.varint32(tag)
    return write(out, text)
  }
}

/** An array whose shape is not promised: its JSON text. */
const arrayAsJson = (field: MessageField): FieldWriter => {
  const tag = (field.number << 3) | WIRE_DELIMITED
  return (out, text) => {
    const json = jsonText(field.column, Buffer.from(text).toString())
    if (json === undefined) return 'type'
    out.delimited(tag, Buffer.from(json))
    return undefined
  }
}

const flatElements = (elements: readonly ArrayElement[] | undefined): readonly string[] | WriteFault => {
  if (elements === undefined) return 'type'
  const flat: string[] = []
  for (const element of elements) {
    if (element === null) return 'missing'
    if (typeof element !== 'string') return 'type'
    flat.push(element)
  }
  return flat
}

const repeatedField = (field: MessageField): FieldWriter => {
  const wireType = wireTypeOf(field.type)
  const packed = wireType !== WIRE_DELIMITED
  const tag = (field.number << 3) | WIRE_DELIMITED
  const write = scalarWriters[field.column.kind]
  const scratch = new Output()
  return (out, text) => {
    const elements = flatElements(parseArrayText(Buffer.from(text).toString()))
    if (typeof elements === 'string') return elements
    scratch.at = 0
    for (const element of elements) {
      scratch.reserve(32)
      if (!packed) scratch.varint32(tag)
      const fault = write(scratch, Buffer.from(element))
      if (fault !== undefined) return fault
    }
    const bytes = scratch.bytes.subarray(0, scratch.at)
    if (packed && elements.length > 0) out.delimited(tag, bytes)
    if (!packed) {
      out.reserve(bytes.length)
      out.raw(bytes)
    }
    return undefined
  }
}

const fieldWriter = (field: MessageField): FieldWriter => {
  if (field.repeated) return repeatedField(field)
  return field.column.dimensions > 0 ? arrayAsJson(field) : scalarField(field)
}

/** Compiles an encoder. `prefix` stands before every message, e.g. the bytes of its framing. */
export const compileRowEncoder = (
  schema: MessageSchema,
  prefix: Uint8Array = new Uint8Array(0),
): RowEncoder => {
  const out = new Output()
  const writers = schema.fields.map(fieldWriter)
  return {
    begin: origin => {
      out.at = 0
      out.reserve(prefix.length)
      out.raw(prefix)
      out.delimited(ORIGIN_TAG, origin)
    },
    write: (index, text) => writers[index]!(out, text),
    finish: () => out.take(),
  }
}
