import type { ColumnKind } from '../column-type.ts'
import type { FieldType } from './message-schema.ts'
import { WIRE_DELIMITED, WIRE_FIXED32, WIRE_FIXED64, WIRE_VARINT } from './wire-types.ts'

const FIELD_TYPES: Readonly<Record<ColumnKind, FieldType>> = {
  boolean: 'bool',
  int16: 'int32',
  int32: 'int32',
  int64: 'int64',
  float32: 'float',
  float64: 'double',
  decimal: 'string',
  text: 'string',
  uuid: 'string',
  bytes: 'bytes',
  date: 'string',
  time: 'string',
  timestamp: 'google.protobuf.Timestamp',
  timestamptz: 'google.protobuf.Timestamp',
  json: 'string',
}

/** Type of a field that carries values of this kind (04 K2). */
export const fieldTypeOf = (kind: ColumnKind): FieldType => FIELD_TYPES[kind]

const WIRE_TYPES: Readonly<Record<FieldType, number>> = {
  bool: WIRE_VARINT,
  int32: WIRE_VARINT,
  int64: WIRE_VARINT,
  float: WIRE_FIXED32,
  double: WIRE_FIXED64,
  string: WIRE_DELIMITED,
  bytes: WIRE_DELIMITED,
  'google.protobuf.Timestamp': WIRE_DELIMITED,
}

export const wireTypeOf = (type: FieldType): number => WIRE_TYPES[type]
