import { HeadraceError } from '@headrace/errors'
import { MAX_STORE_KEY_BYTES, type RangeOptions, type Store, type StoreEntry } from './store.ts'

/** Keys as latin1 text: one character per byte, so the order of the texts is the order of the bytes. */
const textOf = (key: Buffer): string => key.toString('latin1')

/** The twin of the LMDB store for tests: same behaviour, gone with the process. */
export class MemoryStore implements Store {
  private readonly entries = new Map<string, Buffer>()
  private sorted: string[] | undefined = []
  private undo: { readonly key: string; readonly value: Buffer | undefined }[] | undefined
  private closed = false

  get(key: Buffer): Buffer | undefined {
    this.assertOpen()
    const value = this.entries.get(textOf(key))
    return value === undefined ? undefined : Buffer.from(value)
  }

  put(key: Buffer, value: Buffer): void {
    if (key.length === 0 || key.length > MAX_STORE_KEY_BYTES) {
      throw new HeadraceError(
        'store.key_too_long',
        `a store key has ${key.length} bytes; 1 to ${MAX_STORE_KEY_BYTES} are allowed`,
      )
    }
    this.write(textOf(key), Buffer.from(value))
  }

  remove(key: Buffer): void {
    this.write(textOf(key), undefined)
  }

  *range(prefix: Buffer, { after, limit = Infinity }: RangeOptions = {}): Iterable<StoreEntry> {
    this.assertOpen()
    const keys = this.keys()
    const start = textOf(prefix)
    const lower = after === undefined ? start : textOf(after)
    let taken = 0
    for (let i = firstAtLeast(keys, lower); i < keys.length && taken < limit; i++) {
      const key = keys[i]!
      if (!key.startsWith(start)) return
      if (after !== undefined && key === lower) continue
      taken++
      yield { key: Buffer.from(key, 'latin1'), value: Buffer.from(this.entries.get(key)!) }
    }
  }

  transaction<T>(work: () => T): T {
    this.assertOpen()
    if (this.undo !== undefined) throw new HeadraceError('internal.bug', 'store transactions do not nest')
    this.undo = []
    try {
      return work()
    } catch (error) {
      const undo = this.undo
      for (let i = undo.length - 1; i >= 0; i--) this.set(undo[i]!.key, undo[i]!.value)
      throw error
    } finally {
      this.undo = undefined
    }
  }

  wipe(): void {
    this.entries.clear()
    this.sorted = []
  }

  bytes(): number {
    let bytes = 0
    for (const [key, value] of this.entries) bytes += key.length + value.length
    return bytes
  }

  close(): Promise<void> {
    this.closed = true
    return Promise.resolve()
  }

  private write(key: string, value: Buffer | undefined): void {
    this.assertOpen()
    if (this.undo === undefined)
      throw new HeadraceError('internal.bug', 'the store is written outside a transaction')
    this.undo.push({ key, value: this.entries.get(key) })
    this.set(key, value)
  }

  private set(key: string, value: Buffer | undefined): void {
    if (value === undefined ? this.entries.has(key) : !this.entries.has(key)) this.sorted = undefined
    if (value === undefined) this.entries.delete(key)
    else this.entries.set(key, value)
  }

  private keys(): readonly string[] {
    this.sorted ??= [...this.entries.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    return this.sorted
  }

  private assertOpen(): void {
    if (this.closed) throw new HeadraceError('internal.bug', 'the store is used after it was closed')
  }
}

const firstAtLeast = (keys: readonly string[], wanted: string): number => {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (keys[middle]! < wanted) low = middle + 1
    else high = middle
  }
  return low
}
