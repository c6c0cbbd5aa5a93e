/** Where something stands: in a text query by line and column (from 1), in a filter tree by path (`and[1].value`). */
export type Place = { readonly line: number; readonly column: number } | { readonly path: string }

export type Literal =
  | { readonly type: 'string'; readonly value: string }
  /** Digits as written: nothing is lost. */
  | { readonly type: 'number'; readonly text: string }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'null' }

export type PlacedLiteral = Literal & { readonly place: Place }

export type CompareOperator = '=' | '!=' | '<' | '<=' | '>' | '>='

/** Names from the outermost inwards. */
export interface FieldPath {
  readonly names: readonly string[]
  readonly place: Place
}

/** A filter as written, by text or as a tree; nothing is checked against a view yet. */
export type Expression =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Expression[] }
  | { readonly kind: 'not'; readonly part: Expression }
  | {
      readonly kind: 'compare'
      readonly path: FieldPath
      readonly operator: CompareOperator
      readonly value: PlacedLiteral
    }
  | { readonly kind: 'in'; readonly path: FieldPath; readonly values: readonly PlacedLiteral[] }
  | { readonly kind: 'exists'; readonly path: FieldPath }
  | { readonly kind: 'prefix'; readonly path: FieldPath; readonly value: PlacedLiteral }
  | { readonly kind: 'match'; readonly path: FieldPath; readonly value: PlacedLiteral }
  /** One element of the list meets all of `part`, whose paths begin at the element. */
  | { readonly kind: 'any'; readonly path: FieldPath; readonly part: Expression }
