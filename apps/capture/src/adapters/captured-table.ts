import type { CapturedTable } from '@headrace/changes'
import { HeadraceError } from '@headrace/errors'
import type { Pipeline, PostgresSource, ToastPolicy } from '@headrace/pipeline'

/** A table of the source and where its rows go. */
export interface SourceTable extends CapturedTable {
  /** Of the contract. */
  readonly columns: readonly string[]
  readonly dataset: string
  /** Raw topic. */
  readonly topic: string
  /** Name in progress records: `schema.table`. */
  readonly label: string
  /** What is done about large values that an update leaves out (03 C9). */
  readonly toast: ToastPolicy
  readonly fullIdentity: boolean
  readonly maxRowBytes: number
  /** Rows since the last committed transaction, for the metrics. */
  pending: number
  /** Those of them that were too large and are there with their key alone. */
  readonly tooLarge: { rows: number; largestBytes: number }
}

/** A row was too large (04 K12). */
export const noteTooLarge = ({ tooLarge }: SourceTable, bytes: number): void => {
  tooLarge.rows += 1
  tooLarge.largestBytes = Math.max(tooLarge.largestBytes, bytes)
}

export const sourceTables = (pipeline: Pipeline, source: PostgresSource): readonly SourceTable[] =>
  source.tables.map(({ schema, name, dataset, toast }) => {
    const contract = pipeline.datasets.get(dataset)?.contract
    if (contract === undefined)
      throw new HeadraceError(
        'internal.bug',
        `the source names the dataset ${dataset}, which has no contract`,
      )
    const keyColumns = contract.primaryKey.map(
      key => contract.fields.find(field => field.name === key)?.column ?? key,
    )
    return {
      schema,
      name,
      keyColumns,
      columns: contract.fields.map(field => field.column),
      dataset,
      topic: pipeline.topics.raw(dataset),
      label: `${schema}.${name}`,
      toast,
      fullIdentity: toast === 'full',
      maxRowBytes: pipeline.limits.rowBytes,
      pending: 0,
      tooLarge: { rows: 0, largestBytes: 0 },
    }
  })

/** The source to capture: the named one, or the only one. */
export const chooseSource = (pipeline: Pipeline, name: string | undefined): PostgresSource => {
  const names = pipeline.sources.map(source => source.name).join(', ')
  const found =
    name === undefined && pipeline.sources.length === 1
      ? pipeline.sources[0]
      : pipeline.sources.find(source => source.name === name)
  if (found !== undefined) return found
  throw new HeadraceError(
    'config.invalid',
    `HEADRACE_SOURCE must name one of the pipeline's sources: ${names}`,
  )
}
