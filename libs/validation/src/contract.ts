import type { ColumnType } from '@headrace/wire'

/** A checked data contract (ODCS v3): what libs/pipeline makes of a YAML file, all rules known and exact (04 K1). */
export interface Contract {
  /** `id` of the contract document. */
  readonly id: string
  readonly version: string
  readonly owner: string
  readonly dataset: string
  /** Changes of a table, or events. */
  readonly kind: 'change' | 'event'
  /** Where changes come from. */
  readonly table?: { readonly source: string; readonly schema: string; readonly name: string }
  readonly fields: readonly ContractField[]
  /** Field names of the primary key, in key order. */
  readonly primaryKey: readonly string[]
  /** What happens downstream when a change is rejected (04 K7a). */
  readonly onInvalid: 'withhold' | 'keepLast'
  /** Rules of the file that are not enforced, by path (04 K1): printed by `contracts check`. */
  readonly unenforced: readonly string[]
}

export interface ContractField {
  readonly name: string
  /** Column of the table, when it has another name. */
  readonly column: string
  readonly type: ColumnType
  /** Field number in the derived message, from contracts.lock.json. */
  readonly number: number
  readonly required: boolean
  /** Of an array: its elements are never null. */
  readonly itemsRequired?: boolean
  readonly rules: readonly FieldRule[]
}

export type FieldRule =
  | { readonly rule: 'enum'; readonly values: readonly string[] }
  /** Texts that stand for a missing value (ODCS quality metric missingValues). */
  | { readonly rule: 'missing'; readonly values: readonly string[] }
  /** RE2 syntax, found anywhere in the value unless anchored. */
  | { readonly rule: 'pattern'; readonly pattern: string }
  /** In code points. */
  | { readonly rule: 'length'; readonly min?: number; readonly max?: number }
  /** Bounds as decimal texts, compared exactly. */
  | {
      readonly rule: 'range'
      readonly min?: string
      readonly max?: string
      readonly exclusiveMin?: string
      readonly exclusiveMax?: string
    }
  | { readonly rule: 'multipleOf'; readonly of: string }
  | {
      readonly rule: 'format'
      readonly format: 'email' | 'uri' | 'uuid' | 'date' | 'date-time' | 'ipv4' | 'ipv6' | 'hostname'
    }
