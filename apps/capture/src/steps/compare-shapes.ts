import type { ColumnShape, EnumLabel, HeapShape, TableShape } from '@headrace/wire'

/** Types between which ALTER TYPE leaves every text as it is, when each stands before the next. */
const WIDENING = [
  ['smallint', 'integer', 'bigint'],
  ['character varying', 'text'],
] as const

const plain = (type: string): string => type.replace(/\(.*\)/, '')

/** Texts of the old type are those of the new one. */
const keepsTexts = (before: ColumnShape, after: ColumnShape): boolean => {
  const [from, to] = [plain(before.type), plain(after.type)]
  if (from === to)
    return (
      from === 'character varying' &&
      (after.typeModifier === -1 || (before.typeModifier !== -1 && after.typeModifier >= before.typeModifier))
    )
  return WIDENING.some(order => {
    const [at, next] = [from, to].map(type => (order as readonly string[]).indexOf(type))
    return at! >= 0 && next! > at!
  })
}

const sameType = (before: ColumnShape, after: ColumnShape): boolean =>
  before.typeOid === after.typeOid && before.typeModifier === after.typeModifier

const columnChanges = (before: TableShape, after: TableShape): readonly string[] => {
  const rewritten = rewrittenHeaps(before, after).length > 0
  return after.columns.flatMap(column => {
    const known = before.columns.find(({ number }) => number === column.number)
    if (known === undefined) {
      // a default without a missing value was set later, or it wrote every row anew
      return column.hasMissing || (column.hasDefault && rewritten)
        ? [`the column "${column.name}" was added with values for the rows that are there (DEFAULT)`]
        : []
    }
    const changes: string[] = []
    if (!sameType(known, column) && !keepsTexts(known, column))
      changes.push(`the column "${column.name}" was ${known.type} and is ${column.type}`)
    if (known.generated !== column.generated)
      changes.push(`the generated column "${column.name}" has another expression`)
    return changes
  })
}

/** A name that passed to another column: rows that are there keep the values of the old one. */
const nameChanges = (before: TableShape, after: TableShape): readonly string[] =>
  after.columns
    .filter(({ name, number }) =>
      before.columns.some(known => known.name === name && known.number !== number),
    )
    .map(({ name }) => `the column "${name}" is another one now`)

const labelChanges = (before: readonly EnumLabel[], after: readonly EnumLabel[]): readonly string[] =>
  after.flatMap(({ oid, type, label }) => {
    const known = before.find(each => each.oid === oid)
    return known === undefined || known.label === label
      ? []
      : [`the label '${known.label}' of the enum ${type} is '${label}' now`]
  })

/** Heaps with another file than before. */
const rewrittenHeaps = (before: TableShape, after: TableShape): readonly HeapShape[] =>
  after.heaps.filter(heap => {
    const known = before.heaps.find(({ oid }) => oid === heap.oid)
    return known !== undefined && known.fileNode !== heap.fileNode
  })

const heapChanges = (before: TableShape, after: TableShape): readonly string[] => {
  const gone = before.heaps.filter(heap => !after.heaps.some(({ oid }) => oid === heap.oid))
  const added = after.heaps.filter(heap => !before.heaps.some(({ oid }) => oid === heap.oid))
  // rows that were written since it became a partition are in the stream; those from before are not
  const attached = added.filter(heap => heap.attached && heap.filled)
  const rewritten = rewrittenHeaps(before, after)
  const kept = after.heaps.filter(heap => heap.fileNode !== 0 && !added.includes(heap))
  // TRUNCATE of the whole table is in the stream
  const emptied =
    rewritten.length === kept.length
      ? []
      : rewritten.filter(
          heap => !heap.filled && before.heaps.find(({ oid }) => oid === heap.oid)?.filled === true,
        )
  return [
    ...gone.map(({ name }) => `the partition ${name} was detached or dropped`),
    ...attached.map(({ name }) => `the table ${name} was attached as a partition and holds rows`),
    ...emptied.map(({ name }) => `the partition ${name} was truncated by itself`),
  ]
}

/** What changed rows of a table without row events (03 C8); [] when everything else that differs is in the stream. Pure. */
export const silentChanges = (before: TableShape, after: TableShape | undefined): readonly string[] => {
  if (after === undefined) return ['the table is gone, has another name, or left the publication']
  if (before.oid !== after.oid) return ['the table was dropped and made anew']
  return [
    ...columnChanges(before, after),
    ...nameChanges(before, after),
    ...labelChanges(before.labels, after.labels),
    ...heapChanges(before, after),
    ...(before.rowFilter === after.rowFilter ? [] : ['the publication has another row filter']),
  ]
}

/**
 * What to compare with from now on. A heap that was filled counts as filled while it has the same file: its size is that
 * of the moment, its file that of the statement's snapshot, and TRUNCATE may come between both. Pure.
 */
export const rememberFilled = (before: readonly TableShape[], after: readonly TableShape[]): TableShape[] => {
  const files = new Set(
    before.flatMap(({ heaps }) =>
      heaps.filter(({ filled }) => filled).map(({ oid, fileNode }) => `${oid}/${fileNode}`),
    ),
  )
  const filled = ({ oid, fileNode, filled: now }: HeapShape): boolean =>
    now || files.has(`${oid}/${fileNode}`)
  return after.map(shape => ({
    ...shape,
    heaps: shape.heaps.map(heap => ({ ...heap, filled: filled(heap) })),
  }))
}
