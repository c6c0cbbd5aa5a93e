import type { ColumnType } from '@headrace/wire'

/** What a view's documents look like: all that mapping and queries need to know. Made by libs/pipeline from the view. */
export interface DocumentShape {
  readonly view: string
  /** Fields in document order. */
  readonly fields: readonly ShapeField[]
}

export type ShapeField =
  | { readonly kind: 'value'; readonly name: string; readonly type: ColumnType; readonly text: boolean }
  /** Plain object: aggregates' parents, references that are not flattened. */
  | { readonly kind: 'object'; readonly name: string; readonly fields: readonly ShapeField[] }
  /** List of objects, indexed as nested. */
  | { readonly kind: 'list'; readonly name: string; readonly fields: readonly ShapeField[] }
  /** countBy: an object key -> count in the document; indexed as nested {key, n} in the document's side fields. */
  | {
      readonly kind: 'counts'
      readonly name: string
      /** Of the enum that is counted by: there are no other keys. */
      readonly labels?: readonly string[]
    }
