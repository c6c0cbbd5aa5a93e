import { Op, type Position, type TypedRow } from '@headrace/wire'
import { UNCHANGED } from './projected-row.ts'

/** A change of a row as the stages take it: JSON texts in the order of the plan's names. */
export interface RowChange {
  readonly key: string
  readonly position: Position
  readonly commitTimeUs: bigint
  /** Emission is forced (design 03 C13). */
  readonly repair: boolean
  readonly deleted: boolean
  /** null = SQL NULL, '' = unchanged and not sent. */
  readonly values: (string | null)[]
}

/** What a typed record says, for a plan that reads `names` of it. */
export const toRowChange = (
  key: string,
  { origin, values }: TypedRow,
  names: readonly string[],
): RowChange => {
  for (const name of origin.unchanged) {
    for (let i = names.indexOf(name); i >= 0; i = names.indexOf(name, i + 1)) values[i] = UNCHANGED
  }
  return {
    key,
    position: { epoch: origin.epoch, commitLsn: origin.commitLsn, ordinal: origin.ordinal },
    commitTimeUs: origin.commitTimeUs,
    repair: origin.repair,
    deleted: origin.op === Op.DELETE,
    values,
  }
}
