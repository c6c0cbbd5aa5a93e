import { type DatasetDraft, splitTable } from './contracts/compile-contract.ts'
import type { PipelineDeclaration } from './declarations/pipeline-file.ts'
import type { PostgresSource, Problem, ToastPolicy } from './pipeline.ts'
import type { ReadContracts } from './read-contracts.ts'
import { isUnreadTable } from './unread-contracts.ts'
import { suggestion } from './yaml/nearest.ts'
import { type Doubts, UNREAD_NAME } from './yaml/doubts.ts'
import type { YamlFile } from './yaml/yaml-file.ts'

/** A table of a source and the dataset it is. */
export interface AssignedTable {
  readonly source: string
  readonly schema: string
  readonly name: string
  readonly dataset: string
  readonly toast: ToastPolicy
}

const fullName = ({ schema, name }: { readonly schema: string; readonly name: string }): string =>
  `${schema}.${name}`

/** pipeline.yaml, as far as it is right. */
export interface ReadPipeline {
  readonly file: YamlFile
  readonly declared: PipelineDeclaration
  readonly doubts: Doubts
}

/** Finds the contract of each table; every table needs one and every contract needs a table. By dataset. */
export const assignTables = (
  { file, declared, doubts }: ReadPipeline,
  { drafts, unread }: ReadContracts,
  problems: Problem[],
): ReadonlyMap<string, AssignedTable> => {
  const assigned = new Map<string, AssignedTable>()
  for (const [source, { tables }] of Object.entries(declared.sources)) {
    tables.forEach((entry, index) => {
      const { table: text, toast } =
        typeof entry === 'string' ? { table: entry, toast: 'reselect' as const } : entry
      if (text === UNREAD_NAME) return
      const table = splitTable(text)
      const path = ['sources', source, 'tables', index]
      const draft = drafts.find(each => fullName(each.table) === fullName(table))
      if (draft === undefined) {
        if (isUnreadTable(unread, fullName(table))) return
        const known = suggestion(
          fullName(table),
          drafts.map(each => fullName(each.table)),
        )
        problems.push(file.problem(path, `no contract has the physicalName "${fullName(table)}".${known}`))
        return
      }
      const before = assigned.get(draft.dataset)
      if (before !== undefined)
        problems.push(file.problem(path, `"${text}" is listed already, by source "${before.source}"`))
      assigned.set(draft.dataset, { source, ...table, dataset: draft.dataset, toast })
    })
  }
  for (const draft of drafts) {
    if (assigned.has(draft.dataset) || draft.tableUnread || doubts.within(['sources'])) continue
    const message = `no source of pipeline.yaml lists the table "${fullName(draft.table)}" of dataset "${draft.dataset}"`
    problems.push(draft.file.problem([...draft.path, 'name'], message))
  }
  checkTwins(drafts, problems)
  return assigned
}

const checkTwins = (drafts: readonly DatasetDraft[], problems: Problem[]): void => {
  const seen = new Map<string, string>()
  for (const { table, dataset, file, path } of drafts) {
    const name = fullName(table)
    const other = seen.get(name)
    if (other !== undefined)
      problems.push(file.problem([...path, 'name'], `table "${name}" belongs to dataset "${other}" already`))
    else seen.set(name, dataset)
  }
}

/** `headrace_<pipeline>_<source>` in the letters Postgres allows for slots. */
const defaultName = (pipeline: string, source: string): string =>
  `headrace_${pipeline}_${source}`.replace(/[^a-z0-9_]/g, '_').slice(0, 63)

export const sourcesOf = (
  declared: PipelineDeclaration,
  tables: readonly AssignedTable[],
): readonly PostgresSource[] =>
  Object.entries(declared.sources).map(([name, { slot, publication }]) => ({
    name,
    slot: slot ?? defaultName(declared.name, name),
    publication: publication ?? defaultName(declared.name, name),
    tables: tables
      .filter(each => each.source === name)
      .map(({ schema, name: table, dataset, toast }) => ({ schema, name: table, dataset, toast })),
  }))
