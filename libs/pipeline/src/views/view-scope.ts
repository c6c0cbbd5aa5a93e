import type { FieldSelection, NodeDefinition } from '@headrace/denormalise'
import type { ColumnType } from '@headrace/wire'
import type { FieldsDeclaration } from '../declarations/view-file.ts'
import type { TypeTraits } from '../contracts/physical-types.ts'
import type { Problem } from '../pipeline.ts'
import { isUnread, type UnreadContracts } from '../unread-contracts.ts'
import { suggestion } from '../yaml/nearest.ts'
import type { YamlFile, YamlPath } from '../yaml/yaml-file.ts'

/** A dataset as a view sees it. */
export interface ViewDataset {
  readonly name: string
  readonly columns: Readonly<Record<string, ColumnType>>
  readonly primaryKey: readonly string[]
  /** By field: what its type cannot be used for. */
  readonly traits: ReadonlyMap<string, TypeTraits>
  /** Fields whose contract is wrong. */
  readonly broken: ReadonlySet<string>
}

/** All datasets, and which of them could not be read: what is wrong with those is told at their contract. */
export interface ViewDatasets {
  readonly known: ReadonlyMap<string, ViewDataset>
  readonly unread: UnreadContracts
}

const NOTHING: ViewDataset = {
  name: '',
  columns: {},
  primaryKey: [],
  traits: new Map(),
  broken: new Set(),
}

/** What is needed to check one view file: names, and where mistakes go. */
export class ViewScope {
  readonly file: YamlFile
  private readonly datasets: ViewDatasets
  private readonly problems: Problem[]
  readonly defaults: { readonly limit?: number; readonly overflow?: 'truncate' | 'countOnly' | 'fail' }

  constructor(file: YamlFile, datasets: ViewDatasets, problems: Problem[], defaults: ViewScope['defaults']) {
    this.file = file
    this.datasets = datasets
    this.problems = problems
    this.defaults = defaults
  }

  problem(path: YamlPath, message: string): void {
    this.problems.push(this.file.problem(path, message))
  }

  problemAtKey(path: YamlPath, key: string, message: string): void {
    this.problems.push(this.file.problemAtKey(path, key, message))
  }

  dataset(name: string, path: YamlPath): ViewDataset | undefined {
    const { known, unread } = this.datasets
    const found = known.get(name)
    if (found === undefined && !isUnread(unread, name))
      this.problem(path, `there is no dataset "${name}".${suggestion(name, [...known.keys()])}`)
    return found
  }

  /** The dataset of a node that compiled. */
  datasetOf(node: NodeDefinition): ViewDataset {
    return this.datasets.known.get(node.dataset) ?? { ...NOTHING, name: node.dataset }
  }

  /** Type of a field; a problem when there is none of that name. */
  column(dataset: ViewDataset, name: string, path: YamlPath): ColumnType | undefined {
    const type = Object.hasOwn(dataset.columns, name) ? dataset.columns[name] : undefined
    if (type === undefined && !dataset.broken.has(name)) this.problem(path, this.noField(dataset, name))
    return type
  }

  columnAtKey(dataset: ViewDataset, name: string, path: YamlPath): ColumnType | undefined {
    const type = Object.hasOwn(dataset.columns, name) ? dataset.columns[name] : undefined
    if (type === undefined && !dataset.broken.has(name))
      this.problemAtKey(path, name, this.noField(dataset, name))
    return type
  }

  private noField(dataset: ViewDataset, name: string): string {
    return `dataset "${dataset.name}" has no field "${name}".${suggestion(name, Object.keys(dataset.columns))}`
  }

  /** Both forms of `fields`; a name in the document may stand once. */
  fields(
    dataset: ViewDataset,
    declared: FieldsDeclaration | undefined,
    path: YamlPath,
  ): readonly FieldSelection[] {
    if (declared === undefined) return []
    const seen = new Set<string>()
    const selections: FieldSelection[] = []
    const entries = Array.isArray(declared)
      ? declared.map((column, index) => ({ as: column, column, at: [...path, index] }))
      : Object.entries(declared).map(([as, column]) => ({ as, column, at: [...path, as] }))
    for (const { as, column, at } of entries) {
      if (seen.has(as)) this.problem(at, `"${as}" is there twice`)
      else if (this.column(dataset, column, at) !== undefined) selections.push({ as, column })
      seen.add(as)
    }
    return selections
  }
}
