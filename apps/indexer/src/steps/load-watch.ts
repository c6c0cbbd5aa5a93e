import { type PartitionReader, SourcePositions } from '@headrace/kafka'
import { type Pipeline, unloadedTables } from '@headrace/pipeline'

/** What has been read of the tables that a view is made of (03 C3). */
export interface Loads {
  /** Tables whose rows are not all in Kafka: being loaded, about to be, as after `source reset`, or new in the pipeline. */
  readonly missing: readonly string[]
  /** Which loads their rows are from: another text where one has begun since, though it is over. */
  readonly loads: string
}

/** Looks at the loads of the tables that fill these raw topics. */
export const loadWatch = (
  { sources, topics }: Pick<Pipeline, 'sources' | 'topics'>,
  rawTopics: readonly string[],
  reader: Pick<PartitionReader, 'bounds' | 'readToEnd'>,
): (() => Promise<Loads>) => {
  const positions = new SourcePositions(reader, topics.positions)
  const used = sources
    .map(({ slot, tables }) => ({
      slot,
      tables: tables.filter(({ dataset }) => rawTopics.includes(topics.raw(dataset))),
    }))
    .filter(({ tables }) => tables.length > 0)
  return async () => {
    if (used.length === 0) return { missing: [], loads: '' }
    const bySlot = await positions.look()
    const missing = used.flatMap(source => unloadedTables(source, bySlot.get(source.slot)?.snapshot))
    const loads = used.map(({ slot }) => {
      const position = bySlot.get(slot)
      return `${slot} ${position?.epoch} ${position?.snapshot?.consistentLsn}`
    })
    return { missing: missing.map(({ schema, name }) => `${schema}.${name}`), loads: loads.join('\n') }
  }
}
