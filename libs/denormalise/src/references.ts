import { recordKey } from '@headrace/wire'
import { keyTextOf } from './key-text.ts'
import type { ReferencePlan } from './plan-references.ts'
import { valuesAt } from './projected-row.ts'
import type { StateStore } from './state-store.ts'
import { dimensionKey, referrerKey } from './store-keys.ts'
import { isLive, rowOffset } from './stored-row.ts'

/** Where a ProjectedRow begins in some bytes. */
export interface RowAt {
  readonly bytes: Buffer
  readonly from: number
}

const REFERS = Buffer.from([1])

/** Key of the row that is referred to; null: to none. A null in any column leads nowhere (oracle O7). */
export const referredKey = ({ key, keyPlaces }: ReferencePlan, { bytes, from }: RowAt): string | null => {
  const values = valuesAt(bytes, from, keyPlaces)
  const texts: string[] = []
  for (const { index, type } of key) {
    const json = values[keyPlaces.indexOf(index)]!
    if (json === 'null') return null
    texts.push(keyTextOf(type, json))
  }
  return recordKey(texts)
}

/** The live row that is referred to, undefined when it is missing or deleted. */
export const referredRow = (store: StateStore, plan: ReferencePlan, row: RowAt): RowAt | undefined => {
  const key = referredKey(plan, row)
  const stored = key === null ? undefined : store.get(dimensionKey(plan.dimension, key))
  return stored !== undefined && isLive(stored) ? { bytes: stored, from: rowOffset(stored) } : undefined
}

/** Keeps the reverse index at what the rows say (05 A3): in the transaction that writes the row. */
export const updateReferrers = (
  store: StateStore,
  references: readonly ReferencePlan[],
  place: { readonly documentKey: string; readonly childKey: string },
  old: RowAt | undefined,
  fresh: RowAt | undefined,
): void => {
  for (const reference of references) {
    const before = old === undefined ? null : referredKey(reference, old)
    const after = fresh === undefined ? null : referredKey(reference, fresh)
    if (before === after) continue
    const { documentKey, childKey } = place
    if (before !== null) store.remove(referrerKey(reference.dimension, before, documentKey, childKey))
    if (after !== null) store.put(referrerKey(reference.dimension, after, documentKey, childKey), REFERS)
  }
}
