import type { CompiledView, Pipeline } from '@headrace/pipeline'
import { type DocumentShape, nearestNames, type ShapeField } from '@headrace/search-model'
import { SearchError } from './search-error.ts'

export interface FieldDescription {
  readonly path: string
  readonly type: string
  readonly array?: true
  readonly values?: readonly string[]
  /** Words in it are found by `~`. */
  readonly text?: true
}

const describe = (fields: readonly ShapeField[], prefix: string): readonly FieldDescription[] =>
  fields.flatMap((field): readonly FieldDescription[] => {
    const path = `${prefix}${field.name}`
    switch (field.kind) {
      case 'value': {
        const { kind, dimensions, labels } = field.type
        return [
          {
            path,
            type: kind,
            ...(dimensions > 0 ? { array: true as const } : {}),
            ...(labels === undefined ? {} : { values: labels }),
            ...(field.text ? { text: true as const } : {}),
          },
        ]
      }
      case 'counts':
        return [{ path, type: 'counts' }]
      case 'object':
      case 'list':
        return [{ path, type: field.kind }, ...describe(field.fields, `${path}.`)]
    }
  })

/** The views of the pipeline, by name. */
export class ViewBook {
  readonly #views: ReadonlyMap<string, CompiledView>

  constructor(pipeline: Pipeline) {
    this.#views = pipeline.views
  }

  get names(): readonly string[] {
    return [...this.#views.keys()]
  }

  /** Throws `search.view_unknown` with the nearest names, and all there are. */
  find(name: string): CompiledView {
    const view = this.#views.get(name)
    if (view !== undefined) return view
    throw new SearchError(
      404,
      'search.view_unknown',
      `there is no view ${name}`,
      nearestNames(name, this.#views.keys()),
      `The pipeline has: ${this.names.join(', ')}.`,
    )
  }

  fields(shape: DocumentShape): readonly FieldDescription[] {
    return describe(shape.fields, '')
  }
}
