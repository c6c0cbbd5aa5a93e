/**
 * Keys of a stage's store (05 A13; research §5.4): a tag, the stage, then texts with their length in front, so that a
 * prefix scan finds exactly one group whatever its key is a prefix of.
 *
 *   'g' stage len(document) document section [child]   everything of one document, together: one scan reads it
 *   'x' edge child                                      a router's index
 *   'd' dimension row                                   a row that is referred to (05 A3)
 *   'r' dimension len(row) row len(document) document [child]   who refers to it
 *   'm' name                                            what the caller keeps beside (applied offsets)
 *
 * Sections: 0 the root row, 1 the aggregates, 2 + n the children of edge n.
 */
const GROUP = 0x67
const ROUTE = 0x78
const META = 0x6d
const DIMENSION = 0x64
const REFERRER = 0x72

export const ROOT_SECTION = 0
export const AGGREGATES_SECTION = 1
export const FIRST_EDGE_SECTION = 2

const HEAD_BYTES = 4

/** Prefix of everything that belongs to a document of a stage. */
export const documentPrefix = (stage: number, documentKey: string): Buffer => {
  const out = Buffer.allocUnsafe(HEAD_BYTES + Buffer.byteLength(documentKey))
  const length = out.write(documentKey, HEAD_BYTES)
  return head(out, stage, length)
}

const head = (out: Buffer, stage: number, length: number): Buffer => {
  out[0] = GROUP
  out[1] = stage
  out.writeUInt16BE(length, 2)
  return out
}

export const sectionKey = (stage: number, documentKey: string, section: number): Buffer => {
  const bytes = Buffer.byteLength(documentKey)
  const out = Buffer.allocUnsafe(HEAD_BYTES + bytes + 1)
  out.write(documentKey, HEAD_BYTES)
  out[HEAD_BYTES + bytes] = section
  return head(out, stage, bytes)
}

export const rootKey = (stage: number, documentKey: string): Buffer =>
  sectionKey(stage, documentKey, ROOT_SECTION)

export const childRowKey = (stage: number, documentKey: string, edge: number, childKey: string): Buffer => {
  const bytes = Buffer.byteLength(documentKey)
  const out = Buffer.allocUnsafe(HEAD_BYTES + bytes + 1 + Buffer.byteLength(childKey))
  out.write(documentKey, HEAD_BYTES)
  out[HEAD_BYTES + bytes] = FIRST_EDGE_SECTION + edge
  out.write(childKey, HEAD_BYTES + bytes + 1)
  return head(out, stage, bytes)
}

export const stagePrefix = (stage: number): Buffer => Buffer.from([GROUP, stage])

/** Document key and section of a key under `stagePrefix`. */
export const parseGroupKey = (key: Buffer): { readonly documentKey: string; readonly section: number } => {
  const end = HEAD_BYTES + key.readUInt16BE(2)
  return { documentKey: key.toString('utf8', HEAD_BYTES, end), section: key[end]! }
}

export const routeKey = (edge: number, childKey: string): Buffer => {
  const out = Buffer.allocUnsafe(2 + Buffer.byteLength(childKey))
  out[0] = ROUTE
  out[1] = edge
  out.write(childKey, 2)
  return out
}

export const routePrefix = (edge: number): Buffer => Buffer.from([ROUTE, edge])

export const parseRouteKey = (key: Buffer): string => key.toString('utf8', 2)

const numbered = (tag: number, number: number, text: string): Buffer => {
  const out = Buffer.allocUnsafe(2 + Buffer.byteLength(text))
  out[0] = tag
  out[1] = number
  out.write(text, 2)
  return out
}

export const dimensionKey = (dimension: number, key: string): Buffer => numbered(DIMENSION, dimension, key)

export const dimensionPrefix = (dimension: number): Buffer => Buffer.from([DIMENSION, dimension])

export const parseDimensionKey = (key: Buffer): string => key.toString('utf8', 2)

const lengthOf = (text: string): Buffer => {
  const out = Buffer.allocUnsafe(2)
  out.writeUInt16BE(Buffer.byteLength(text))
  return out
}

/** All who refer to a row. */
export const referrerPrefix = (dimension: number, key: string): Buffer =>
  Buffer.concat([Buffer.from([REFERRER, dimension]), lengthOf(key), Buffer.from(key)])

/** `childKey` is empty when the document's own row refers. */
export const referrerKey = (dimension: number, key: string, documentKey: string, childKey: string): Buffer =>
  Buffer.concat([
    referrerPrefix(dimension, key),
    lengthOf(documentKey),
    Buffer.from(documentKey),
    Buffer.from(childKey),
  ])

/** The document of a key under `referrerPrefix`. */
export const parseReferrerDocument = (key: Buffer, prefixLength: number): string => {
  const start = prefixLength + 2
  return key.toString('utf8', start, start + key.readUInt16BE(prefixLength))
}

export const metaKey = (name: string): Buffer => {
  const out = Buffer.allocUnsafe(1 + Buffer.byteLength(name))
  out[0] = META
  out.write(name, 1)
  return out
}
