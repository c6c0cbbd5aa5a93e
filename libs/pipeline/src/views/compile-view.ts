import type { NodeDefinition, ViewDefinition } from '@headrace/denormalise'
import type { ViewDeclaration } from '../declarations/view-file.ts'
import type { CompiledView } from '../pipeline.ts'
import { buildAggregates } from './aggregates.ts'
import { documentShape } from './document-shape.ts'
import { planHash } from './plan-hash.ts'
import { buildNode } from './view-nodes.ts'
import type { ViewScope } from './view-scope.ts'

/** Paths of a node's own values and those below it that hold text. */
const textPaths = (node: NodeDefinition, prefix = ''): readonly string[] => [
  ...node.fields.flatMap(({ as, column }) => (node.columns[column]?.kind === 'text' ? [prefix + as] : [])),
  ...node.references.flatMap(({ name, flatten, node: to }) =>
    textPaths(to, flatten ? prefix : `${prefix}${name}.`),
  ),
  ...node.lists.flatMap(({ name, node: child }) => textPaths(child, `${prefix}${name}.`)),
]

const checkText = (scope: ViewScope, root: NodeDefinition, declared: readonly string[]): void => {
  const possible = textPaths(root)
  declared.forEach((path, index) => {
    if (!possible.includes(path)) {
      scope.problem(
        ['text', index],
        `"${path}" is no text field of the document. Allowed: ${possible.join(', ') || 'none'}.`,
      )
    }
  })
}

/** A checked view; undefined when its root is unknown. Other mistakes are reported and built around. */
export const compileView = (
  scope: ViewScope,
  declared: ViewDeclaration,
  partitions: number,
): CompiledView | undefined => {
  const dataset = scope.dataset(declared.root, ['root'])
  if (dataset === undefined) return undefined
  const fields = scope.fields(dataset, declared.fields, ['fields'])
  const root = buildNode(scope, dataset, { fields, one: declared.one, lists: declared.lists }, [])
  const aggregates = buildAggregates(scope, root, declared.aggregates ?? {})
  checkText(scope, root, declared.text ?? [])
  const definition: ViewDefinition = { view: declared.view, root, aggregates, text: declared.text ?? [] }
  return {
    name: declared.view,
    definition,
    plan: planHash(definition, partitions),
    shape: documentShape(definition),
  }
}
