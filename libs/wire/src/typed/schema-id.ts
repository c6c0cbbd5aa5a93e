import { createHash } from 'node:crypto'
import { type MessageSchema, ORIGIN_FIELD } from './message-schema.ts'

/** Full name of field 1's message. Its own fields are not part of an id: the version in its package pins them. */
export const ORIGIN_MESSAGE = 'headrace.v1.Origin'

/**
 * What an id is made from (design 02 §2.4, docs/specs/wire.md): one line per fact, each ended by a newline.
 * Names are protobuf identifiers, so nothing needs escaping.
 */
export const canonicalDescriptor = (schema: MessageSchema): string => {
  const fields = [...schema.fields].sort((a, b) => a.number - b.number)
  const lines = fields.map(({ number, name, type, repeated, optional }) => {
    const label = repeated ? ' repeated' : optional ? ' optional' : ''
    return `${number} ${name} ${type}${label}`
  })
  return [
    'headrace-schema 1',
    `message ${schema.package}.${schema.message}`,
    `1 ${ORIGIN_FIELD} ${ORIGIN_MESSAGE}`,
    ...lines,
    '',
  ].join('\n')
}

/** Content-derived schema id: the first 31 bits of the canonical descriptor's SHA-256. Permanent once records carry it. */
export const schemaId = (schema: MessageSchema): number =>
  createHash('sha256').update(canonicalDescriptor(schema)).digest().readUInt32BE(0) >>> 1
