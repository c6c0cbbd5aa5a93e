import { HeadraceError } from '@headrace/errors'
import { compileLayout, type LayoutPart } from './layout.ts'
import { ascendingPlaces, type Columns, type Place } from './plan-columns.ts'
import type { ReferenceDefinition } from './view-definition.ts'

/** Rows that are referred to from one place of the view: kept whole by every partition (05 A3). */
export interface DimensionPlan {
  readonly number: number
  /** Stage whose documents refer to it. */
  readonly stage: number
  readonly dataset: string
  /** What is read of a record and kept. */
  readonly names: readonly string[]
}

/** Where a row says which row it refers to, and how that one is shown. */
export interface ReferencePlan {
  readonly dimension: number
  /** The referring columns in the order of the referenced primary key, as places in the projected row. */
  readonly key: readonly Place[]
  readonly keyPlaces: readonly number[]
  /** The referenced row as an object; when flattened its fields have slots in the referring row instead. */
  readonly layout: readonly LayoutPart<never>[]
  /** All places of the referenced row. */
  readonly shown: readonly number[]
}

/** A place that a reference fills. */
export type ReferenceSlot =
  | { readonly kind: 'reference'; readonly reference: number }
  | { readonly kind: 'field'; readonly reference: number; readonly place: number }

export interface CompiledReference {
  readonly plan: ReferencePlan
  readonly dimension: DimensionPlan
  readonly slots: readonly { readonly path: readonly string[]; readonly slot: ReferenceSlot }[]
}

/** The `index`-th reference of a node; places its columns among those of the referring row. */
export const compileReference = (
  { name, node, on, flatten }: ReferenceDefinition,
  index: number,
  columns: Columns,
  { number, stage }: { readonly number: number; readonly stage: number },
): CompiledReference => {
  const key = node.primaryKey.map(column => {
    const pair = on.find(each => each.key === column)
    if (pair === undefined)
      throw new HeadraceError('internal.bug', `reference ${name} does not say what ${column} is`)
    return columns.place(pair.column)
  })
  const fields = node.fields.map(field => field.as)
  return {
    plan: {
      dimension: number,
      key,
      keyPlaces: ascendingPlaces(key),
      layout: compileLayout<never>(fields, []),
      shown: fields.map((_, place) => place),
    },
    dimension: { number, stage, dataset: node.dataset, names: node.fields.map(field => field.column) },
    slots: flatten
      ? fields.map((as, place) => ({ path: [as], slot: { kind: 'field', reference: index, place } }))
      : [{ path: [name], slot: { kind: 'reference', reference: index } }],
  }
}
