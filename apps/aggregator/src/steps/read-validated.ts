import { type RowChange, toRowChange } from '@headrace/denormalise'
import { HeadraceError } from '@headrace/errors'
import type { IncomingRecord } from '@headrace/kafka'
import { isMarkerKey, Marker, MARKER_SCHEMA_ID, unframe } from '@headrace/wire'
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
  if (schemaId !== input.schema) {
    throw new HeadraceError(
      'decode.framing',
      `a record was written under schema ${schemaId}, this pipeline's contract has ${input.schema}`,
      {
        where: topic,
        hint: 'Use the folder that the validator uses. If the fields of a contract changed: stop the services, run `headrace remove DIR --postgres URL --kafka BROKERS`, and start them. Everything is loaded anew, and searches see the documents of before until that is done.',
      },
    )
  }
  return { kind: 'change', change: toRowChange(key.toString(), input.read(payload), input.names) }
}

/** A row that the first load has read, not a change from the stream. What cannot be read is told by `readValidated`. */
export const isOfLoad = (input: TypedInput, { key, value }: IncomingRecord): boolean => {
  if (key === null || value === null || isMarkerKey(key)) return false
  const { schemaId, payload } = unframe(value)
  return schemaId === input.schema && input.read(payload).origin.snapshot
}
