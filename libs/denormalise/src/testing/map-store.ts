import type { StateStore } from '../state-store.ts'

/** An ordered map for tests of the pure stages. */
export class MapStore implements StateStore {
  readonly entries = new Map<string, Buffer>()

  get(key: Buffer): Buffer | undefined {
    return this.entries.get(key.toString('latin1'))
  }

  put(key: Buffer, value: Buffer): void {
    this.entries.set(key.toString('latin1'), Buffer.from(value))
  }

  remove(key: Buffer): void {
    this.entries.delete(key.toString('latin1'))
  }

  *range(
    prefix: Buffer,
    { after, limit = Infinity }: { readonly after?: Buffer; readonly limit?: number } = {},
  ) {
    const start = prefix.toString('latin1')
    const lower = after?.toString('latin1')
    const keys = [...this.entries.keys()].filter(
      key => key.startsWith(start) && (lower === undefined || key > lower),
    )
    for (const key of keys.sort((a, b) => (a < b ? -1 : 1)).slice(0, limit)) {
      yield { key: Buffer.from(key, 'latin1'), value: this.entries.get(key)! }
    }
  }
}
