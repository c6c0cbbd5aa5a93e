import type { AggregateDefinition, NodeDefinition, ViewDefinition } from '@headrace/denormalise'
import type { DocumentShape, ShapeField } from '@headrace/search-model'
import type { ColumnType } from '@headrace/wire'

const INT64: ColumnType = { kind: 'int64', dimensions: 0 }
const DECIMAL: ColumnType = { kind: 'decimal', dimensions: 0 }

const nodeFields = (
  node: NodeDefinition,
  text: ReadonlySet<string>,
  prefix: string,
): readonly ShapeField[] => [
  ...node.fields.flatMap(({ as, column }): readonly ShapeField[] => {
    const type = node.columns[column]
    return type === undefined ? [] : [{ kind: 'value', name: as, type, text: text.has(prefix + as) }]
  }),
  ...node.references.flatMap(({ name, flatten, node: to }): readonly ShapeField[] =>
    flatten
      ? nodeFields(to, text, prefix)
      : [{ kind: 'object', name, fields: nodeFields(to, text, `${prefix}${name}.`) }],
  ),
  ...node.lists.map(({ name, node: child }): ShapeField => ({
    kind: 'list',
    name,
    fields: nodeFields(child, text, `${prefix}${name}.`),
  })),
]

/** Postgres' result types: sums of whole numbers and decimals are exact. */
const aggregateField = (root: NodeDefinition, aggregate: AggregateDefinition, name: string): ShapeField => {
  const columns = root.lists.find(list => list.name === aggregate.list)?.node.columns ?? {}
  const type = columns[aggregate.column ?? ''] ?? INT64
  switch (aggregate.function) {
    case 'count':
    case 'distinct':
      return { kind: 'value', name, type: INT64, text: false }
    case 'countBy':
      return { kind: 'counts', name, ...(type.labels === undefined ? {} : { labels: type.labels }) }
    case 'sum':
      return { kind: 'value', name, type: DECIMAL, text: false }
    case 'min':
    case 'max':
      return { kind: 'value', name, type, text: false }
  }
}

interface Branch {
  readonly leaf?: ShapeField
  readonly below: Map<string, Branch>
}

const branchFields = (branch: Branch): readonly ShapeField[] =>
  [...branch.below].map(([name, next]) => next.leaf ?? { kind: 'object', name, fields: branchFields(next) })

/** Paths like `annotations_search.count` become objects, in the order in which they first appear. */
const aggregateFields = (definition: ViewDefinition): readonly ShapeField[] => {
  const top: Branch = { below: new Map() }
  for (const aggregate of definition.aggregates) {
    const steps = aggregate.path.split('.')
    const name = steps.pop() ?? aggregate.path
    let at = top
    for (const step of steps) {
      const next = at.below.get(step) ?? { below: new Map() }
      at.below.set(step, next)
      at = next
    }
    at.below.set(name, { leaf: aggregateField(definition.root, aggregate, name), below: new Map() })
  }
  return branchFields(top)
}

export const documentShape = (definition: ViewDefinition): DocumentShape => ({
  view: definition.view,
  fields: [...nodeFields(definition.root, new Set(definition.text), ''), ...aggregateFields(definition)],
})
