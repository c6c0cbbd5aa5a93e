import { compilePlan, type NodeDefinition, planRefusals, type ViewDefinition } from '@headrace/denormalise'
import { HeadraceError } from '@headrace/errors'
import { buildMapping } from '@headrace/search-model'
import type { ViewDeclaration } from '../declarations/view-file.ts'
import type { CompiledView } from '../pipeline.ts'
import { UNREAD_NAME } from '../yaml/doubts.ts'
import { buildAggregates } from './aggregates.ts'
import { documentPaths } from './document-names.ts'
import { documentShape } from './document-shape.ts'
import { planHash } from './plan-hash.ts'
import { buildNode } from './view-nodes.ts'
import type { ViewScope } from './view-scope.ts'

/** Words are looked for in texts that people write: not in enums, nor in types that only travel as text. */
const holdsWords = (scope: ViewScope, node: NodeDefinition, column: string): boolean => {
  const type = node.columns[column]
  const wordless = scope.datasetOf(node).traits.get(column)?.wordless === true
  return type?.kind === 'text' && type.labels === undefined && !wordless
}

/** Paths of a node's own values and those below it, and whether they hold text. */
const valuePaths = (
  scope: ViewScope,
  node: NodeDefinition,
  prefix = '',
): readonly (readonly [string, boolean])[] => [
  ...node.fields.map(({ as, column }) => [prefix + as, holdsWords(scope, node, column)] as const),
  ...node.references.flatMap(({ name, flatten, node: to }) =>
    valuePaths(scope, to, flatten ? prefix : `${prefix}${name}.`),
  ),
  ...node.lists.flatMap(({ name, node: child }) => valuePaths(scope, child, `${prefix}${name}.`)),
]

const checkText = (scope: ViewScope, root: NodeDefinition, declared: ViewDeclaration): readonly string[] => {
  const values = new Map(valuePaths(scope, root))
  const possible = [...values].filter(([, isText]) => isText).map(([path]) => path)
  const written = documentPaths(declared)
  const seen = new Set<string>()
  return (declared.text ?? []).filter((path, index) => {
    const at = ['text', index]
    const isText = values.get(path)
    const names = path.split('.')
    const isVague =
      written.includes([...names.slice(0, -1), UNREAD_NAME].join('.')) ||
      ['fields', 'one', 'lists'].some(part => scope.doubts.within([part, names[0] ?? '']))
    if (seen.has(path)) scope.problem(at, `"${path}" is there twice`)
    // a field that is declared, but wrong, has been told already
    else if (isText === false || (isText === undefined && !written.includes(path) && !isVague))
      scope.problem(
        at,
        `"${path}" is no text field of the document. Allowed: ${possible.join(', ') || 'none'}.`,
      )
    return !seen.has(path) && seen.add(path) && isText === true
  })
}

/** What the aggregator cannot do yet is a mistake here already, not at the start of the service. */
const checkPlan = (scope: ViewScope, definition: ViewDefinition): void => {
  for (const { at, what } of planRefusals(definition)) {
    const key = at[at.length - 1]
    const message = `${what} is not supported yet`
    if (typeof key === 'string' && at[at.length - 3] !== 'aggregates')
      scope.problemAtKey(at.slice(0, -1), key, message)
    else scope.problem(at, message)
  }
}

/** Whatever passed the checks is compiled as the services will compile it: a refusal that no check knows is a mistake, too. */
export const checkCompiled = (scope: ViewScope, view: CompiledView): void => {
  try {
    compilePlan(view.definition)
    buildMapping(view.shape)
  } catch (error) {
    if (!(error instanceof HeadraceError)) throw error
    scope.problem(['view'], error.message)
  }
}

/** A checked view. Mistakes are reported and built around. */
export const compileView = (
  scope: ViewScope,
  declared: ViewDeclaration,
  partitions: number,
): CompiledView => {
  const dataset = scope.dataset(declared.root, ['root'])
  const root = buildNode(scope, dataset, declared, [])
  const aggregates = buildAggregates(scope, root, declared)
  const text = checkText(scope, root, declared)
  const definition: ViewDefinition = { view: declared.view, root, aggregates, text }
  checkPlan(scope, definition)
  return {
    name: declared.view,
    definition,
    plan: planHash(definition, partitions, (node, column) => scope.datasetOf(node).renumbered.get(column)),
    shape: documentShape(definition),
  }
}
