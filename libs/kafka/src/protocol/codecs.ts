import { HeadraceError } from '@headrace/errors'
import { createRequire } from 'node:module'
import { gunzipSync, gzipSync } from 'node:zlib'
import * as zlib from 'node:zlib'
import type { Compression } from '../options.ts'

// by require: lz4-napi is CommonJS around a native module, and jest has a module registry of its own
const require = createRequire(import.meta.url)
const { compressFrameSync, decompressFrameSync } = require('lz4-napi') as {
  readonly compressFrameSync: (data: Buffer) => Buffer
  readonly decompressFrameSync: (data: Buffer) => Buffer
}

const NONE = 0
const GZIP = 1
const LZ4 = 3
const ZSTD = 4

/** The number in a record batch's attributes. */
export const codecOf = (compression: Compression): number =>
  ({ none: NONE, gzip: GZIP, lz4: LZ4 })[compression]

export const compress = (codec: number, data: Buffer): Buffer => {
  if (codec === GZIP) return gzipSync(data)
  return codec === LZ4 ? compressFrameSync(data) : data
}

export const decompress = (codec: number, data: Buffer): Buffer => {
  if (codec === NONE) return data
  if (codec === GZIP) return gunzipSync(data)
  if (codec === LZ4) return decompressFrameSync(data)
  // Node 22.15 and newer
  if (codec === ZSTD && typeof zlib.zstdDecompressSync === 'function') return zlib.zstdDecompressSync(data)
  throw new HeadraceError('kafka.unsupported_format', `records are compressed with codec ${codec}`, {
    hint: 'none, gzip, lz4 and (Node 22.15 or newer) zstd are understood. Set compression.type of the topic.',
  })
}
