import { HeadraceError } from '@headrace/errors'

const MAGIC = 0
const FIRST_MESSAGE = 0

/** Bytes before the payload when the message is the first of its schema. */
export const FRAME_BYTES = 6

/**
 * Schema id under which markers travel on validated topics. Content-derived ids have 31 bits (schema-id.ts), so this one,
 * 0xFFFFFFFE read as unsigned, can never be one of them.
 */
export const MARKER_SCHEMA_ID = 0xfffffffe

export interface Frame {
  readonly schemaId: number
  readonly payload: Buffer
}

/** Confluent's framing: 0x00, schema id (4 bytes, big-endian), message indexes ([0] shortened to one 0x00), payload. */
export const frame = (schemaId: number, payload: Uint8Array): Buffer => {
  const out = Buffer.allocUnsafe(FRAME_BYTES + payload.length)
  out[0] = MAGIC
  out.writeUInt32BE(schemaId >>> 0, 1)
  out[5] = FIRST_MESSAGE
  out.set(payload, FRAME_BYTES)
  return out
}

/** Reads a frame; both forms of the index list `[0]` are taken. The payload is a slice of `bytes`. */
export const unframe = (bytes: Buffer): Frame => {
  if (bytes.length < FRAME_BYTES || bytes[0] !== MAGIC) {
    throw new HeadraceError(
      'decode.framing',
      `a validated record does not begin with Confluent framing (${bytes.length} bytes)`,
    )
  }
  const schemaId = bytes.readUInt32BE(1)
  if (bytes[5] === FIRST_MESSAGE) return { schemaId, payload: bytes.subarray(FRAME_BYTES) }
  // zigzag count 1, index 0: the long form of the first message
  if (bytes[5] === 2 && bytes[6] === 0) return { schemaId, payload: bytes.subarray(FRAME_BYTES + 1) }
  throw new HeadraceError('decode.framing', 'the record names another message than the first of its schema')
}
