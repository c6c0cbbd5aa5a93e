import type { ColumnType } from '../column-type.ts'

/** Types of a typed message's fields. Everything that is not a number, boolean, bytes or a point in time is a string. */
export type FieldType =
  'bool' | 'int32' | 'int64' | 'float' | 'double' | 'string' | 'bytes' | 'google.protobuf.Timestamp'

export interface MessageField {
  /** From 2; field 1 of every typed message is its Origin. */
  readonly number: number
  readonly name: string
  readonly type: FieldType
  readonly repeated: boolean
  readonly optional: boolean
  /** What the values are. Not part of the canonical descriptor: it tells how texts are read and printed, not what the bytes are. */
  readonly column: ColumnType
}

/** A typed message as derived from a contract (design 02 §2.4). `fields` in ascending order of their numbers, without field 1. */
export interface MessageSchema {
  readonly package: string
  readonly message: string
  readonly fields: readonly MessageField[]
}

/** What a descriptor says about a typed message that somebody else wrote. */
export interface WrittenMessage {
  readonly package: string
  readonly message: string
  /** Without field 1. */
  readonly fields: readonly (Pick<MessageField, 'number' | 'name' | 'repeated'> & {
    /** Undefined: a type that no release of ours writes. */
    readonly type: FieldType | undefined
  })[]
}

/** Name of field 1, the Origin, in every typed message. */
export const ORIGIN_FIELD = 'headrace_origin'
