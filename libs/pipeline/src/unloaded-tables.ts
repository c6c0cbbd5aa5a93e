import type { SnapshotProgress } from '@headrace/wire'
import type { PostgresSource, SourceTableEntry } from './pipeline.ts'

/** Tables of a source whose rows are not all in Kafka: none were loaded yet, or this one was not among them, or as another dataset (03 C3d). */
export const unloadedTables = (
  { tables }: Pick<PostgresSource, 'tables'>,
  snapshot: SnapshotProgress | undefined,
): readonly SourceTableEntry[] =>
  tables.filter(({ schema, name, dataset }) => {
    const loaded = snapshot?.finished === true ? snapshot.tables : []
    const known = loaded.find(({ table }) => table === `${schema}.${name}`)
    // older releases did not say which dataset it was
    return known === undefined || (known.dataset !== '' && known.dataset !== dataset)
  })
