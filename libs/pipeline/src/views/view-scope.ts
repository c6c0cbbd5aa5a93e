import type { FieldSelection, NodeDefinition } from '@headrace/denormalise'
import type { ColumnType } from '@headrace/wire'
import type { FieldsDeclaration } from '../declarations/view-file.ts'
import type { TypeTraits } from '../contracts/physical-types.ts'
import type { Problem } from '../pipeline.ts'
import { isUnread, type UnreadContracts } from '../unread-contracts.ts'
import { suggestion } from '../yaml/nearest.ts'
import { type Doubts, UNREAD_NAME } from '../yaml/doubts.ts'
import type { YamlFile, YamlPath } from '../yaml/yaml-file.ts'

/** A dataset as a view sees it. */
export interface ViewDataset {
  readonly name: string
  readonly columns: Readonly<Record<string, ColumnType>>
  /** Of fields that have had another number before: they are not what they were. */
  readonly renumbered: ReadonlyMap<string, number>
  readonly primaryKey: readonly string[]
  /** By field: what its type cannot be used for. */
  readonly traits: ReadonlyMap<string, TypeTraits>
  /** Fields whose contract is wrong. */
  readonly broken: ReadonlySet<string>
  /** It is not known which fields there are: any name may be one. */
  readonly vague: boolean
}

/** All datasets, and which of them could not be read: what is wrong with those is told at their contract. */
export interface ViewDatasets {
  readonly known: ReadonlyMap<string, ViewDataset>
  readonly unread: UnreadContracts
}

/** Stands for a dataset that is not known. */
const NOTHING: ViewDataset = {
  name: UNREAD_NAME,
  columns: {},
  renumbered: new Map(),
  primaryKey: [],
  traits: new Map(),
  broken: new Set(),
  vague: true,
}

/** What is needed to check one view file: names, and where mistakes go. */
export class ViewScope {
  readonly file: YamlFile
  readonly doubts: Doubts
  private readonly datasets: ViewDatasets
  private readonly problems: Problem[]
  readonly defaults: { readonly limit?: number; readonly overflow?: 'truncate' | 'countOnly' | 'fail' }

  constructor(
    { file, doubts }: { readonly file: YamlFile; readonly doubts: Doubts },
    datasets: ViewDatasets,
    problems: Problem[],
    defaults: ViewScope['defaults'],
  ) {
    this.file = file
    this.doubts = doubts
    this.datasets = datasets
    this.problems = problems
    this.defaults = defaults
  }

  /** A problem, but where something wrong stands has been told already. */
  problem(path: YamlPath, message: string): void {
    if (!this.doubts.at(path)) this.problems.push(this.file.problem(path, message))
  }

  problemAtKey(path: YamlPath, key: string, message: string): void {
    this.problems.push(this.file.problemAtKey(path, key, message))
  }

  /** A problem when there is none of that name; what is said of its fields is believed then. */
  dataset(name: string, path: YamlPath): ViewDataset {
    const { known, unread } = this.datasets
    const found = known.get(name)
    if (found === undefined && name !== UNREAD_NAME && !isUnread(unread, name))
      this.problem(path, `there is no dataset "${name}".${suggestion(name, [...known.keys()])}`)
    return found ?? NOTHING
  }

  /** The dataset of a node that compiled. */
  datasetOf(node: NodeDefinition): ViewDataset {
    return this.datasets.known.get(node.dataset) ?? NOTHING
  }

  /** Type of a field; a problem when there is none of that name. */
  column(dataset: ViewDataset, name: string, path: YamlPath): ColumnType | undefined {
    const type = Object.hasOwn(dataset.columns, name) ? dataset.columns[name] : undefined
    if (type === undefined && this.misses(dataset, name)) this.problem(path, this.noField(dataset, name))
    return type
  }

  columnAtKey(dataset: ViewDataset, name: string, path: YamlPath): ColumnType | undefined {
    const type = Object.hasOwn(dataset.columns, name) ? dataset.columns[name] : undefined
    if (type === undefined && this.misses(dataset, name))
      this.problemAtKey(path, name, this.noField(dataset, name))
    return type
  }

  private misses({ broken, vague }: ViewDataset, name: string): boolean {
    return !vague && !broken.has(name) && name !== UNREAD_NAME
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
      if (as === UNREAD_NAME) continue
      if (seen.has(as)) this.problem(at, `"${as}" is there twice`)
      else if (this.column(dataset, column, at) !== undefined) selections.push({ as, column })
      seen.add(as)
    }
    return selections
  }
}
