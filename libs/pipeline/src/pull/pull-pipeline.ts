import { HeadraceError } from '@headrace/errors'
import { NAME_PATTERN } from '@headrace/wire'
import { LOCK_FILE, lockContracts } from '../contracts-lock.ts'
import { NAME_RULE } from '../declarations/pipeline-file.ts'
import { inspectPipeline } from '../load-pipeline.ts'
import type { PipelineFiles } from '../pipeline.ts'
import { formatProblem } from '../problems.ts'
import { chooseDatasets, type PulledTable, type PullNote } from './pulled-table.ts'
import { starterView } from './starter-view.ts'
import { contractText, pipelineText } from './write-contract.ts'

export interface PulledPipeline {
  readonly name: string
  /** Path in the folder -> text; the lock is not among them: it follows from the contracts that lie there at the end. */
  readonly files: ReadonlyMap<string, string>
  /** A view to begin with, to be written when there is none. */
  readonly view: { readonly path: string; readonly root: string; readonly text: string } | undefined
  readonly notes: readonly PullNote[]
  readonly datasets: readonly string[]
}

/** A pipeline's name from a database's. */
const nameFrom = (text: string): string => {
  const plain = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, '-')
    .replace(/^[^a-z]+/, '')
  return plain === '' ? 'pipeline' : plain.slice(0, 40)
}

const inMemory = (files: ReadonlyMap<string, string>): PipelineFiles => ({
  read: path => files.get(path),
  list: folder =>
    [...files.keys()]
      .filter(path => path.startsWith(`${folder}/`))
      .map(path => path.slice(folder.length + 1))
      .sort(),
})

/** What `check` will say about the files, with a lock made for them. */
const mistakes = (files: ReadonlyMap<string, string>): readonly string[] => {
  const withLock = new Map(files).set(LOCK_FILE, lockContracts(inMemory(files)))
  return inspectPipeline(inMemory(withLock)).problems.map(formatProblem)
}

/**
 * A pipeline folder for tables as they are (04 K3). What is written passes `headrace check`; what cannot be captured is in
 * `notes`, each with what to do. Throws usage.invalid for a bad name, contracts.nothing_to_pull.
 */
export const pullPipeline = (
  tables: readonly PulledTable[],
  database: string,
  wanted?: string,
): PulledPipeline => {
  const name = wanted ?? nameFrom(database)
  if (!NAME_PATTERN.test(name))
    throw new HeadraceError('usage.invalid', `--name "${name}": the name ${NAME_RULE}`)
  const { datasets, notes } = chooseDatasets(tables)
  if (datasets.length === 0) {
    const why = notes.map(note => `\n  ${note.what}: ${note.why}; ${note.todo}`).join('')
    throw new HeadraceError(
      'contracts.nothing_to_pull',
      `no table of ${database} can be captured as it is${why}`,
      {
        hint: 'Name another --schema, or mend the tables and pull again.',
      },
    )
  }
  const files = new Map([['pipeline.yaml', pipelineText(name, datasets)]])
  for (const dataset of datasets)
    files.set(`contracts/${dataset.name}.odcs.yaml`, contractText(name, dataset))
  const wrong = mistakes(files)
  if (wrong.length > 0)
    throw new HeadraceError(
      'internal.bug',
      `what was pulled does not pass the check:\n  ${wrong.join('\n  ')}`,
    )
  const starter = starterView(datasets)
  const view = starter === undefined ? undefined : { path: `views/${starter.root}.view.yaml`, ...starter }
  const fits = view !== undefined && mistakes(new Map(files).set(view.path, view.text)).length === 0
  return {
    name,
    files,
    view: fits ? view : undefined,
    notes,
    datasets: datasets.map(dataset => dataset.name),
  }
}
