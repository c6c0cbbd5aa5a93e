import { HeadraceError } from '@headrace/errors'
import type { Contract } from '@headrace/validation'
import { topicNames } from '@headrace/wire'
import { type ContractsLock, isCurrent, LOCK_FILE, nextLock, readLock } from './contracts-lock.ts'
import type { DatasetDraft } from './contracts/compile-contract.ts'
import { type PipelineDeclaration, pipelineDeclaration } from './declarations/pipeline-file.ts'
import { viewDeclaration } from './declarations/view-file.ts'
import type { CompiledView, Dataset, Pipeline, PipelineFiles, Problem } from './pipeline.ts'
import { describeProblems, sortProblems } from './problems.ts'
import { type ReadContracts, readContracts, readFolder } from './read-contracts.ts'
import { DEFAULT_LIMITS } from './size-limits.ts'
import { assignTables, type AssignedTable, type ReadPipeline, sourcesOf } from './sources.ts'
import { checkCompiled, compileView } from './views/compile-view.ts'
import { type ViewDataset, type ViewDatasets, ViewScope } from './views/view-scope.ts'
import { checkDeclaration } from './yaml/check-declaration.ts'
import { UNREAD_NAME } from './yaml/doubts.ts'
import { parseYaml } from './yaml/yaml-file.ts'

const PIPELINE_FILE = 'pipeline.yaml'

/** What a folder holds: a pipeline when there is no problem. Never throws for mistakes in the files. */
export interface Inspection {
  readonly pipeline: Pipeline | undefined
  readonly problems: readonly Problem[]
  /** contracts.lock.json is missing or does not fit the contracts; one of the problems says so too. */
  readonly lockStale: boolean
  /** Rules of the contracts that are not enforced, `file: path: why` (04 K1). */
  readonly unenforced: readonly string[]
}

const withNumbers = (
  draft: DatasetDraft,
  lock: ContractsLock,
  table: AssignedTable | undefined,
): Contract => {
  const numbers = lock.contracts[draft.dataset]?.fields ?? {}
  return {
    ...draft.contract,
    ...(table === undefined ? {} : { table: { source: table.source, ...draft.table } }),
    fields: draft.contract.fields.map(field => ({ ...field, number: numbers[field.name]?.number ?? 0 })),
  }
}

/** Fields of a dataset under a number that is not their first. */
const renumbered = ({ contracts }: ContractsLock, dataset: string): ReadonlyMap<string, number> => {
  const { fields = {}, retired = [] } = contracts[dataset] ?? {}
  const again = Object.entries(fields).filter(([field]) => retired.some(({ name }) => name === field))
  return new Map(again.map(([field, { number }]) => [field, number]))
}

const viewDatasets = ({ drafts, unread }: ReadContracts, lock: ContractsLock): ViewDatasets => ({
  known: new Map(
    drafts.map(({ dataset, contract, traits, broken, vague }): readonly [string, ViewDataset] => [
      dataset,
      {
        name: dataset,
        columns: Object.fromEntries(contract.fields.map(({ name, type }) => [name, type])),
        renumbered: renumbered(lock, dataset),
        primaryKey: contract.primaryKey,
        traits,
        broken,
        vague,
      },
    ]),
  ),
  unread,
})

/** What of pipeline.yaml the views need. */
type ViewSettings = Pick<PipelineDeclaration, 'partitions' | 'defaults'>

const readViews = (
  files: PipelineFiles,
  declared: ViewSettings,
  datasets: ViewDatasets,
  problems: Problem[],
): ReadonlyMap<string, CompiledView> => {
  const views = new Map<string, CompiledView>()
  const contractsAreRight = problems.length === 0
  const { limit, overflow } = declared.defaults ?? {}
  const defaults = {
    ...(limit === undefined ? {} : { limit }),
    ...(overflow === undefined ? {} : { overflow }),
  }
  for (const file of readFolder(files, 'views', '.view.yaml', problems)) {
    const found: Problem[] = []
    const read = checkDeclaration(file, viewDeclaration, found)
    if (read !== undefined) {
      const { value: view, doubts } = read
      if (views.has(view.view)) found.push(file.problem(['view'], `view "${view.view}" is there twice`))
      const scope = new ViewScope({ file, doubts }, datasets, found, defaults)
      const compiled = compileView(scope, view, declared.partitions)
      if (contractsAreRight && found.length === 0) checkCompiled(scope, compiled)
      if (view.view !== UNREAD_NAME) views.set(view.view, compiled)
    }
    problems.push(...found)
  }
  return views
}

const lockProblem = (missing: boolean): Problem => ({
  file: LOCK_FILE,
  line: 1,
  column: 1,
  message: `${missing ? 'is missing' : 'does not fit the contracts'}. Run "headrace contracts lock DIR" and commit the file.`,
})

const inspect = (files: PipelineFiles, read: ReadPipeline, problems: Problem[]): Inspection => {
  const { declared } = read
  const inContracts: Problem[] = []
  const contracts = readContracts(files, declared.defaults?.onInvalid ?? 'withhold', inContracts)
  const { drafts } = contracts
  const lock = readLock(files, inContracts)
  // numbers of contracts that are wrong mean nothing
  const lockStale = inContracts.length === 0 && !isCurrent(drafts, lock)
  problems.push(...inContracts)
  const tables = assignTables(read, contracts, problems)
  const numbers = lock ?? nextLock(drafts)
  const views = readViews(files, declared, viewDatasets(contracts, numbers), problems)
  if (lockStale) problems.push(lockProblem(lock === undefined))
  const datasets = new Map<string, Dataset>(
    drafts.map(draft => [
      draft.dataset,
      { name: draft.dataset, contract: withNumbers(draft, numbers, tables.get(draft.dataset)) },
    ]),
  )
  const pipeline: Pipeline = {
    name: declared.name,
    partitions: declared.partitions,
    limits: declared.limits ?? DEFAULT_LIMITS,
    topics: topicNames(declared.name),
    sources: sourcesOf(declared, [...tables.values()]),
    datasets,
    views,
  }
  return {
    pipeline: problems.length > 0 ? undefined : pipeline,
    problems: sortProblems(problems),
    lockStale,
    unenforced: drafts.flatMap(draft => draft.contract.unenforced.map(each => `${draft.file.file}: ${each}`)),
  }
}

/** All mistakes of a folder at once; `headrace check` prints them. A missing or stale lock is one of them. */
export const inspectPipeline = (files: PipelineFiles): Inspection => {
  const text = files.read(PIPELINE_FILE)
  const problems: Problem[] = []
  const file = parseYaml(PIPELINE_FILE, text ?? '')
  const read = text === undefined ? undefined : checkDeclaration(file, pipelineDeclaration, problems)
  if (read !== undefined) return inspect(files, { file, declared: read.value, doubts: read.doubts }, problems)
  if (text === undefined) problems.push(file.problem([], 'there is no pipeline.yaml in the folder'))
  else if (problems.length === 0) problems.push(file.problem([], 'is empty'))
  const contracts = readContracts(files, 'withhold', problems)
  readViews(files, { partitions: 1 }, viewDatasets(contracts, nextLock(contracts.drafts)), problems)
  return { pipeline: undefined, problems: sortProblems(problems), lockStale: false, unenforced: [] }
}

/** Throws pipeline.not_found, pipeline.invalid (all problems in the message) or pipeline.lock_stale. */
export const loadPipeline = (files: PipelineFiles): Pipeline => {
  if (files.read(PIPELINE_FILE) === undefined) {
    throw new HeadraceError('pipeline.not_found', 'there is no pipeline.yaml in the folder')
  }
  const { pipeline, problems, lockStale } = inspectPipeline(files)
  if (pipeline !== undefined) return pipeline
  throw new HeadraceError(
    lockStale && problems.length === 1 ? 'pipeline.lock_stale' : 'pipeline.invalid',
    describeProblems(problems),
  )
}
