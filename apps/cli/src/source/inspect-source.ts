import { compareTable, type Pipeline, type PostgresSource, type TableDifference } from '@headrace/pipeline'
import {
  connect,
  type PostgresConnection,
  type PostgresSession,
  problemsOf,
  readTables,
  sameTable,
  type SourceProblem,
  type SourceWish,
} from '@headrace/postgres'

const keyColumns = (pipeline: Pipeline, dataset: string): readonly string[] => {
  const contract = pipeline.datasets.get(dataset)?.contract
  return (contract?.primaryKey ?? []).map(
    name => contract?.fields.find(field => field.name === name)?.column ?? name,
  )
}

/** What capture will need of the database of a source. */
export const sourceWish = (
  pipeline: Pipeline,
  { slot, publication, tables }: PostgresSource,
): SourceWish => ({
  slot,
  publication,
  tables: tables.map(({ schema, name, dataset, toast }) => ({
    schema,
    name,
    keyColumns: keyColumns(pipeline, dataset),
    fullIdentity: toast === 'full',
  })),
})

/** What a source lacks, and where its tables are not what the contracts say. */
export interface SourceState {
  readonly problems: readonly SourceProblem[]
  readonly differences: readonly TableDifference[]
}

const differencesOf = async (
  session: PostgresSession,
  pipeline: Pipeline,
  { tables }: PostgresSource,
): Promise<readonly TableDifference[]> => {
  const infos = await readTables(session, tables)
  return tables.flatMap(table => {
    const info = infos.find(found => sameTable(found, table))
    const contract = pipeline.datasets.get(table.dataset)?.contract
    if (info === undefined || contract === undefined) return []
    return compareTable(`${table.schema}.${table.name}`, contract, info.columns)
  })
}

/** Looks at the database of a source; changes nothing. */
export const inspectSource = async (
  connection: PostgresConnection,
  pipeline: Pipeline,
  source: PostgresSource,
): Promise<SourceState> => {
  const session = await connect(connection)
  try {
    return {
      problems: await problemsOf(session, sourceWish(pipeline, source)),
      differences: await differencesOf(session, pipeline, source),
    }
  } finally {
    await session.stop()
  }
}
