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

/** False: rows in Kafka do not have the column; it is not published, or they are from before it was added with values. */
export const isInRows = ({ typeOid }: ColumnShape): boolean => typeOid !== 0

const ADDED = 'was added with values for the rows that are there (DEFAULT)'

/** Why rows that are described by `known` have something else under the column's name than the table has; undefined: they have the same. */
const differs = (known: ColumnShape, column: ColumnShape): string | undefined => {
  if (known.number !== column.number)
    return known.name === column.name ? `the column "${column.name}" is another one now` : undefined
  if (known.name !== column.name)
    return `the column "${column.name}" was called "${known.name}" when rows were written`
  if (!isInRows(known) && isInRows(column))
    return `the column "${column.name}" ${known.hasMissing ? ADDED : 'was not published when rows were written'}`
  if (!sameType(known, column) && !keepsTexts(known, column))
    return `the column "${column.name}" was ${known.type} and is ${column.type}`
  return known.generated === column.generated
    ? undefined
    : `the generated column "${column.name}" has another expression`
}

const isNew = (before: TableShape, { name, number }: ColumnShape): boolean =>
  !before.columns.some(known => known.name === name || known.number === number)

/** What speaks against a column: rows in Kafka do not have what the table has. Of a name that passed on, just that. */
const columnChanges = (before: TableShape, after: TableShape, column: ColumnShape): readonly string[] => {
  // a rewrite may have brought the values of a default that is gone again
  if (isNew(before, column))
    return isInRows(column) && (column.hasMissing || rewrittenHeaps(before, after).length > 0)
      ? [`the column "${column.name}" ${ADDED}`]
      : []
  const changes = before.columns.map(known => ({ known, words: differs(known, column) }))
  const passed = changes.find(({ known, words }) => words !== undefined && known.number !== column.number)
  const words = (passed === undefined ? changes : [passed]).flatMap(change => change.words ?? [])
  return [...new Set(words)]
}

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

/**
 * What changed rows of a table without row events (03 C8); [] when everything else that differs is in the stream. `held`:
 * columns of the contract; what happens to others makes nothing wrong before the contract has them. Pure.
 */
export const silentChanges = (
  before: TableShape,
  after: TableShape | undefined,
  held: ReadonlySet<string>,
): readonly string[] => {
  if (after === undefined) return ['the table is gone, has another name, or left the publication']
  if (before.oid !== after.oid) return ['the table was dropped and made anew']
  return [
    ...after.columns
      .filter(column => held.has(column.name) && isInRows(column))
      .flatMap(column => columnChanges(before, after, column)),
    ...labelChanges(before.labels, after.labels),
    ...heapChanges(before, after),
    ...(before.rowFilter === after.rowFilter ? [] : ['the publication has another row filter']),
  ]
}

/**
 * Everything that rows in Kafka may be described by: as the columns are, and as those were that changed in silence. So the
 * change is still known when a contract gets the column, and what made it visible is gone.
 */
const rememberColumns = (before: TableShape, after: TableShape): ColumnShape[] => {
  const now = after.columns.flatMap(column => {
    if (columnChanges(before, after, column).length === 0) return [column]
    const known = before.columns.filter(({ number }) => number === column.number)
    const seen = isNew(before, column) ? { ...column, typeOid: 0, hasMissing: true } : column
    return known.some(each => isAlike(each, seen)) ? known : [...known, seen]
  })
  const dropped = before.columns.filter(({ number }) => !after.columns.some(each => each.number === number))
  return [...now, ...dropped]
}

const isAlike = (one: ColumnShape, other: ColumnShape): boolean =>
  one.name === other.name && sameType(one, other) && one.generated === other.generated

/**
 * What to compare with from now on. A heap that was filled counts as filled while it has the same file: its size is that
 * of the moment, its file that of the statement's snapshot, and TRUNCATE may come between both. Pure.
 */
export const remember = (before: TableShape | undefined, after: TableShape): TableShape => {
  if (before === undefined) return after
  const filled = new Set(
    before.heaps.filter(heap => heap.filled).map(({ oid, fileNode }) => `${oid}/${fileNode}`),
  )
  return {
    ...after,
    columns: rememberColumns(before, after),
    heaps: after.heaps.map(heap => ({
      ...heap,
      filled: heap.filled || filled.has(`${heap.oid}/${heap.fileNode}`),
    })),
  }
}
