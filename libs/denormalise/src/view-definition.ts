import type { ColumnType } from '@headrace/wire'

/**
 * A view as written (design 02 §2.2), after its YAML was checked: every name resolves, defaults are filled in.
 * A tree: the root dataset, lists (1:N and N:M through a link), references (N:1), aggregates.
 */
export interface ViewDefinition {
  readonly view: string
  readonly root: NodeDefinition
  readonly aggregates: readonly AggregateDefinition[]
  /** Fields of the document that are analysed for full text, by path. */
  readonly text: readonly string[]
}

/** One dataset's place in the tree. */
export interface NodeDefinition {
  readonly dataset: string
  /** Names of the columns of its primary key. */
  readonly primaryKey: readonly string[]
  /** All columns of the dataset with their types. */
  readonly columns: Readonly<Record<string, ColumnType>>
  /** What the document shows of it: name in the document -> column. In the declared order. */
  readonly fields: readonly FieldSelection[]
  readonly lists: readonly ListDefinition[]
  readonly references: readonly ReferenceDefinition[]
}

export interface FieldSelection {
  readonly as: string
  readonly column: string
}

/** Children: rows of `node` whose `on` columns equal the parent's key. */
export interface ListDefinition {
  readonly name: string
  readonly node: NodeDefinition
  /** Child column for each column of the parent's primary key, in the order of that key. */
  readonly on: readonly { readonly child: string; readonly parent: string }[]
  /** Rows that count: all conditions hold. */
  readonly where: readonly Condition[]
  /** Declared order; the primary key follows as tie-break. Nulls last. */
  readonly orderBy: readonly { readonly column: string; readonly descending: boolean }[]
  readonly limit?: number
  readonly overflow: 'truncate' | 'countOnly' | 'fail'
}

export type Condition =
  | { readonly column: string; readonly is: 'null' | 'not_null' }
  /** Equal to one of the values, as the column prints them. */
  | { readonly column: string; readonly is: 'in'; readonly values: readonly string[] }

/** The one row of another dataset whose primary key equals our columns. */
export interface ReferenceDefinition {
  readonly name: string
  readonly node: NodeDefinition
  readonly on: readonly { readonly column: string; readonly key: string }[]
  /** Its fields stand directly in the referring row. */
  readonly flatten: boolean
}

export interface AggregateDefinition {
  /** Path in the document, e.g. `annotations_search.count`. */
  readonly path: string
  readonly function: 'count' | 'countBy' | 'sum' | 'min' | 'max' | 'distinct'
  /** Name of the root's list it is over. */
  readonly list: string
  /** Column of the list's node; absent for count. */
  readonly column?: string
}
