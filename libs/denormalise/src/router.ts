import { comparePositions, type Position, recordKey } from '@headrace/wire'
import { encodeHop } from './hop-codec.ts'
import { incompleteText } from './incomplete-row.ts'
import { keyTextOf, unquoted } from './key-text.ts'
import type { CompiledCondition, RouterPlan } from './plan.ts'
import { encodeRow, UNCHANGED } from './projected-row.ts'
import type { RowChange } from './row-change.ts'

/** Where a child stands, as the router's index keeps it. */
export interface RouteEntry {
  readonly position: Position
  /** null: under no parent (null foreign key, filtered out, or deleted). */
  readonly parentKey: string | null
  readonly deleted: boolean
}

export interface RouteIndex {
  get(childKey: string): RouteEntry | undefined
}

/** What is written for one change, all in one Kafka transaction with the input's offset (05 A2). */
export interface RouteOutput {
  /** Value null: the child left this parent. */
  readonly hops: readonly {
    readonly parentKey: string
    readonly childKey: string
    readonly value: Buffer | null
  }[]
  /** New entry of the index. */
  readonly entry: RouteEntry
}

/**
 * A child row changed (05 A2, A7, A10). Undefined: the change is old or known, nothing is written. A row that does not
 * meet the list's conditions stands under no parent, like one whose foreign key has a null part.
 */
export const applyRoute = (
  plan: RouterPlan,
  index: RouteIndex,
  change: RowChange,
): RouteOutput | undefined => {
  const old = index.get(change.key)
  if (old !== undefined) {
    const order = comparePositions(change.position, old.position)
    if (order < 0 || (order === 0 && !change.repair)) return undefined
  }
  const before = old?.parentKey ?? null
  const parentKey = change.deleted ? null : parentOf(plan, change.values, before)
  const hops: { parentKey: string; childKey: string; value: Buffer | null }[] = []
  if (before !== null && before !== parentKey)
    hops.push({ parentKey: before, childKey: change.key, value: null })
  if (parentKey !== null) {
    const { position, commitTimeUs, repair } = change
    // under the parent that it had its values are known
    const error = before === parentKey ? undefined : missing(plan, change.values)
    const row = error === undefined ? encodeRow(change.values, plan.projected) : Buffer.alloc(0)
    const hop = { position, commitTimeUs, row, repair, ...(error === undefined ? {} : { error }) }
    hops.push({ parentKey, childKey: change.key, value: encodeHop(hop) })
  }
  return { hops, entry: { position: change.position, parentKey, deleted: change.deleted } }
}

/** A null value: it has no position and applies by its offset (05 A13). After a DELETE it finds nothing to do. */
export const applyRouteTombstone = (index: RouteIndex, childKey: string): RouteOutput | undefined => {
  const old = index.get(childKey)
  if (old === undefined || old.deleted) return undefined
  return leave(childKey, old, old.position)
}

/** A truncate or sweep marker met the entry of a child: everything with a lower position is gone (03 C10, C13). */
export const applyRouteMarker = (
  marker: Position,
  childKey: string,
  old: RouteEntry,
): RouteOutput | undefined =>
  old.deleted || comparePositions(old.position, marker) >= 0 ? undefined : leave(childKey, old, marker)

/**
 * A document of a child stage, whose parent it is: one that moved leaves the old one in the same transaction (05 A4).
 * `value` is null when it stands under no parent. Undefined: it never stood under one.
 */
export const routeDocument = (
  index: RouteIndex,
  childKey: string,
  parentKey: string | null,
  value: Buffer | null,
): RouteOutput | undefined => {
  const before = index.get(childKey)?.parentKey ?? null
  if (before === null && parentKey === null) return undefined
  const hops: { parentKey: string; childKey: string; value: Buffer | null }[] = []
  if (before !== null && before !== parentKey) hops.push({ parentKey: before, childKey, value: null })
  if (parentKey !== null) hops.push({ parentKey, childKey, value })
  return { hops, entry: { position: NO_POSITION, parentKey, deleted: parentKey === null } }
}

const NO_POSITION: Position = { epoch: 0, commitLsn: 0n, ordinal: 0 }

const leave = (childKey: string, old: RouteEntry, position: Position): RouteOutput => ({
  hops: old.parentKey === null ? [] : [{ parentKey: old.parentKey, childKey, value: null }],
  entry: { position, parentKey: null, deleted: true },
})

/**
 * Key of the parent that a row stands under, null: none. `before`: the one that it had. An unchanged part of the foreign key
 * leaves it there, and an unchanged condition holds where it held (05 A7a).
 */
export const parentOf = (
  plan: RouterPlan,
  values: readonly (string | null)[],
  before: string | null,
): string | null => {
  const texts: string[] = []
  let stays = false
  for (const { index, type } of plan.foreignKey) {
    const json = values[index] ?? null
    if (json === null) return null
    if (json === UNCHANGED) stays = true
    else texts.push(keyTextOf(type, json))
  }
  for (const condition of plan.conditions) {
    const json = values[condition.index] ?? null
    if (json === UNCHANGED ? before === null : !holds(condition, json)) return null
  }
  return stays ? before : recordKey(texts)
}

const holds = (condition: CompiledCondition, json: string | null): boolean => {
  switch (condition.is) {
    case 'null':
      return json === null
    case 'not_null':
      return json !== null
    case 'in':
      return (
        json !== null &&
        (condition.values.has(unquoted(json)) || condition.values.has(keyTextOf(condition.type, json)))
      )
  }
}

/** A row that comes under a parent anew must be complete: nobody there knows its old values. */
const missing = (
  { edge, names, projected }: RouterPlan,
  values: readonly (string | null)[],
): string | undefined => {
  const columns = names.slice(0, projected).filter((_, index) => values[index] === UNCHANGED)
  return columns.length === 0 ? undefined : incompleteText(edge, columns)
}
