import { existsSync, statSync } from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HeadraceError } from '@headrace/errors'
import { type Database, open, type RootDatabase } from 'lmdb'
import { MAX_STORE_KEY_BYTES, type RangeOptions, type Store, type StoreEntry } from './store.ts'

/** Address space kept for the map, not memory and not disk: the file grows with its content. */
const MAP_BYTES = 64 * 2 ** 30

/**
 * LMDB without syncing: a commit is in the page cache, so it survives the end of the process, kill -9 included, but not
 * a power loss; store-folder.ts wipes a store that may have met one (05 A13).
 */
export class LmdbStore implements Store {
  /** Name of the file in its folder. */
  static readonly FILE = 'data.mdb'
  private readonly folder: string
  private readonly root: RootDatabase<Buffer, Buffer>
  private readonly onClosed: () => void
  private writing = false

  constructor(folder: string, onClosed: () => void) {
    this.folder = folder
    this.onClosed = onClosed
    this.root = open<Buffer, Buffer>({
      path: folder,
      encoding: 'binary',
      keyEncoding: 'binary',
      noSync: true,
      overlappingSync: false,
      noSubdir: false,
      mapSize: MAP_BYTES,
      maxDbs: 1,
      cache: false,
    })
  }

  get(key: Buffer): Buffer | undefined {
    return (this.root as Database<Buffer, Buffer>).getBinary(key)
  }

  put(key: Buffer, value: Buffer): void {
    if (key.length === 0 || key.length > MAX_STORE_KEY_BYTES) {
      throw new HeadraceError(
        'store.key_too_long',
        `a store key has ${key.length} bytes; 1 to ${MAX_STORE_KEY_BYTES} are allowed`,
      )
    }
    this.assertWriting()
    this.root.putSync(key, value)
  }

  remove(key: Buffer): void {
    this.assertWriting()
    this.root.removeSync(key)
  }

  *range(prefix: Buffer, { after, limit }: RangeOptions = {}): Iterable<StoreEntry> {
    const end = successorOf(prefix)
    const range = this.root.getRange({
      start: after ?? prefix,
      exclusiveStart: after !== undefined,
      ...(end === undefined ? {} : { end }),
      ...(limit === undefined ? {} : { limit }),
    })
    for (const { key, value } of range) yield { key, value }
  }

  transaction<T>(work: () => T): T {
    if (this.writing) throw new HeadraceError('internal.bug', 'store transactions do not nest')
    this.writing = true
    try {
      return this.root.transactionSync(work)
    } finally {
      this.writing = false
    }
  }

  wipe(): void {
    this.root.clearSync()
  }

  bytes(): number {
    return statSync(join(this.folder, LmdbStore.FILE)).size
  }

  async close(): Promise<void> {
    await this.root.close()
    await syncFile(join(this.folder, LmdbStore.FILE))
    this.onClosed()
  }

  private assertWriting(): void {
    if (!this.writing) throw new HeadraceError('internal.bug', 'the store is written outside a transaction')
  }
}

/** The lowest key above all that begin with `prefix`; undefined: there is none. */
const successorOf = (prefix: Buffer): Buffer | undefined => {
  for (let i = prefix.length - 1; i >= 0; i--) {
    if (prefix[i] !== 0xff) {
      const end = Buffer.from(prefix.subarray(0, i + 1))
      end[i] = end[i]! + 1
      return end
    }
  }
  return undefined
}

/** Not on the main thread: on a busy disk it takes long, and a process has many stores to close before its deadline. */
const syncFile = async (path: string): Promise<void> => {
  if (!existsSync(path)) return
  const file = await openFile(path, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
