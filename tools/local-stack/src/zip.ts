import { closeSync, fchmodSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import { HeadraceError } from '@headrace/errors'

// A reader for plain archives: no zip64, no encryption. Format: APPNOTE.TXT 4.3.
const endRecord = 0x06054b50
const centralHeader = 0x02014b50
const localHeader = 0x04034b50

export interface ZipEntry {
  /** Path with forward slashes; a folder's ends with one. */
  readonly name: string
  /** Unix permissions, 0 when the archive was made without. */
  readonly mode: number
  readonly data: () => Buffer
}

const broken = (what: string): HeadraceError =>
  new HeadraceError('stack.download_failed', `not a zip archive that can be read: ${what}`)

const contentOf = (zip: Buffer, header: number, method: number, size: number): Buffer => {
  if (zip.readUInt32LE(header) !== localHeader) throw broken('no local header where one is named')
  const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28)
  const packed = zip.subarray(start, start + size)
  if (method === 0) return packed
  if (method === 8) return inflateRawSync(packed)
  throw broken(`compression method ${method}`)
}

/** The entries in the order of the central directory. */
export const readZip = (zip: Buffer): ZipEntry[] => {
  let end = zip.length - 22
  while (end >= 0 && zip.readUInt32LE(end) !== endRecord) end--
  if (end < 0) throw broken('no end record')
  const count = zip.readUInt16LE(end + 10)
  let at = zip.readUInt32LE(end + 16)
  if (count === 0xffff || at === 0xffffffff) throw broken('zip64')
  const entries: ZipEntry[] = []
  for (let index = 0; index < count; index++) {
    if (zip.readUInt32LE(at) !== centralHeader) throw broken('no central header where one is named')
    const [method, size] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20)]
    const nameLength = zip.readUInt16LE(at + 28)
    const header = zip.readUInt32LE(at + 42)
    entries.push({
      name: zip.toString('utf8', at + 46, at + 46 + nameLength),
      mode: zip.readUInt16LE(at + 40) & 0o777,
      data: () => contentOf(zip, header, method, size),
    })
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
  }
  return entries
}

/** Unpacks an archive into a folder; an entry that points outside of it is refused. */
export const unpackZip = (file: string, folder: string): void => {
  const root = resolve(folder)
  for (const entry of readZip(readFileSync(file))) {
    const path = join(root, entry.name)
    if (path !== root && !path.startsWith(root + sep)) throw broken('an entry points outside of the folder')
    if (entry.name.endsWith('/')) {
      mkdirSync(path, { recursive: true })
      continue
    }
    mkdirSync(dirname(path), { recursive: true })
    const out = openSync(path, 'w')
    try {
      const data = entry.data()
      for (let written = 0; written < data.length;) written += writeSync(out, data, written)
      // everything readable, because the servers run as another user than the one that unpacks
      fchmodSync(out, (entry.mode & 0o111) === 0 ? 0o644 : 0o755)
    } finally {
      closeSync(out)
    }
  }
}
