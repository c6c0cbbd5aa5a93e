import { Op, partitionOf } from '@headrace/wire'
import type { Harness, SeenChange } from './harness.ts'

/** The rows that the changes of a topic lead to, by key; partitions in order of their offsets. */
export const applied = (
  changes: readonly SeenChange[],
): Map<string, readonly (string | null | undefined)[]> => {
  const rows = new Map<string, readonly (string | null | undefined)[]>()
  const at = new Map<string, SeenChange['position']>()
  for (const change of changes) {
    if (change.marker !== undefined) {
      for (const [key, position] of at) {
        if (partitionOf(key, 3) === change.partition && before(position, change.position)) {
          rows.delete(key)
          at.delete(key)
        }
      }
      continue
    }
    at.set(change.key, change.position)
    if (change.op === Op.DELETE) rows.delete(change.key)
    else rows.set(change.key, change.row!)
  }
  return rows
}

const before = (a: SeenChange['position'], b: SeenChange['position']): boolean =>
  a.epoch !== b.epoch
    ? a.epoch < b.epoch
    : a.commitLsn !== b.commitLsn
      ? a.commitLsn < b.commitLsn
      : a.ordinal < b.ordinal

/** What is wrong with a topic: a change that is there twice, or one of a key that stands before an older one. */
export const disorder = (changes: readonly SeenChange[]): readonly string[] => {
  const problems: string[] = []
  const seen = new Set<string>()
  const newest = new Map<string, SeenChange['position']>()
  for (const { key, position, partition, marker } of changes) {
    if (marker !== undefined) continue
    const id = `${position.epoch}/${position.commitLsn}/${position.ordinal}`
    if (seen.has(id)) problems.push(`${id} twice`)
    seen.add(id)
    const last = newest.get(key)
    if (last !== undefined && before(position, last)) problems.push(`${key} goes back to ${id}`)
    newest.set(key, position)
    if (partitionOf(key, 3) !== partition) problems.push(`${key} in partition ${partition}`)
  }
  return problems
}

/** The table as it stands, each column as text, by its first column. */
export const tableRows = async (
  { database }: Harness,
  table: string,
): Promise<Map<string, (string | null)[]>> => {
  const client = await database.pool.connect()
  try {
    await client.query(`set timezone = 'UTC'`)
    const { rows } = await client.query<(string | null)[]>({
      text: `select * from ${table}`,
      rowMode: 'array',
      types: { getTypeParser: () => (value: string) => value },
    } as never)
    return new Map(rows.map(row => [row[0]!, row]))
  } finally {
    client.release()
  }
}

export const sorted = <T>(rows: ReadonlyMap<string, T>): readonly (readonly [string, T])[] =>
  [...rows].sort(([a], [b]) => (a < b ? -1 : 1))
