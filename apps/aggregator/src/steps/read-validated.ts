import { type RowChange, toRowChange } from '@headrace/denormalise'
import { HeadraceError } from '@headrace/errors'
import type { IncomingRecord } from '@headrace/kafka'
import { isMarkerKey, Marker, MARKER_SCHEMA_ID, type TypedRow, unframe } from '@headrace/wire'
import type { TypedInput } from './view-inputs.ts'

/** What a record of a validated topic says. */
export type ValidatedRecord =
  | { readonly kind: 'change'; readonly change: RowChange }
  | { readonly kind: 'tombstone'; readonly key: string }
  | { readonly kind: 'marker'; readonly marker: Marker }
  /** Nothing for us. */
  | { readonly kind: 'none' }

/** Reads one record as far as `input` needs it. */
export const readValidated = (
  input: TypedInput,
  { key, value }: IncomingRecord,
  topic: string,
): ValidatedRecord => {
  if (key === null)
    throw new HeadraceError('decode.framing', 'a validated record has no key', { where: topic })
  if (isMarkerKey(key))
    return value === null
      ? { kind: 'none' }
      : { kind: 'marker', marker: Marker.decode(unframe(value).payload) }
  if (value === null) return { kind: 'tombstone', key: key.toString() }
  const { schemaId, payload } = unframe(value)
  if (schemaId === MARKER_SCHEMA_ID) return { kind: 'marker', marker: Marker.decode(payload) }
  if (schemaId === input.schema) return changeOf(input, key, input.read(payload))
  const lacking = input.others.lacking(schemaId, topic)
  const row = input.read(payload)
  if (lacking.length > 0) input.others.requireReload(row.origin, lacking, topic)
  return changeOf(input, key, row)
}

const changeOf = ({ names }: TypedInput, key: Buffer, row: TypedRow): ValidatedRecord => ({
  kind: 'change',
  change: toRowChange(key.toString(), row, names),
})

/** A row that the first load has read, not a change from the stream. What cannot be read is told by `readValidated`. */
export const isOfLoad = (input: TypedInput, { key, value }: IncomingRecord): boolean => {
  if (key === null || value === null || isMarkerKey(key)) return false
  const { schemaId, payload } = unframe(value)
  return schemaId === input.schema && input.read(payload).origin.snapshot
}
