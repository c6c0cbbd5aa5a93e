import { HeadraceError } from '@headrace/errors'
import type { ColumnType } from '@headrace/wire'
import type { NodeDefinition } from './view-definition.ts'

/** A value of a row: where it stands, and its type. */
export interface Place {
  readonly index: number
  readonly type: ColumnType
}

/** Columns of a node in the order of first use; a column keeps its first place. */
export class Columns {
  readonly names: string[] = []
  private readonly node: NodeDefinition

  constructor(node: NodeDefinition) {
    this.node = node
    // one place per field, even when two show the same column: the document's text follows the row value by value
    for (const field of node.fields) this.names.push(field.column)
  }

  place(column: string): Place {
    let index = this.names.indexOf(column)
    if (index < 0) index = this.names.push(column) - 1
    return { index, type: this.typeOf(column) }
  }

  private typeOf(column: string): ColumnType {
    const type = this.node.columns[column]
    if (type === undefined)
      throw new HeadraceError('internal.bug', `dataset ${this.node.dataset} has no column ${column}`)
    return type
  }
}

/** The places, each once, ascending: how valuesAt takes them. */
export const ascendingPlaces = (places: readonly Place[]): readonly number[] =>
  [...new Set(places.map(each => each.index))].sort((a, b) => a - b)
