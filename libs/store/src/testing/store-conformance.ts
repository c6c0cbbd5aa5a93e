import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { MAX_STORE_KEY_BYTES, type Store } from '../store.ts'

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')

/** What every store must do. `open` gives an empty one. */
export const storeConformance = (name: string, open: () => Promise<Store> | Store): void => {
  describe(`store: ${name}`, () => {
    let store: Store
    const keysOf = (prefix: string, options = {}): string[] =>
      [...store.range(bytes(prefix), options)].map(entry => entry.key.toString('latin1'))
    const fill = (...keys: string[]): void =>
      store.transaction(() => keys.forEach(key => store.put(bytes(key), bytes(`v:${key}`))))

    beforeEach(async () => {
      store = await open()
    })
    afterEach(() => store.close())

    it('reads what was written, and nothing where nothing is', () => {
      fill('a')
      expect(store.get(bytes('a'))?.toString('latin1')).toBe('v:a')
      expect(store.get(bytes('b'))).toBeUndefined()
    })

    it('keeps values and keys that were read valid after later calls', () => {
      fill('a', 'b')
      const a = store.get(bytes('a'))
      const entries = [...store.range(bytes(''))]
      store.get(bytes('b'))
      fill('c')
      expect(a?.toString('latin1')).toBe('v:a')
      expect(entries.map(entry => `${entry.key.toString()}=${entry.value.toString()}`)).toEqual([
        'a=v:a',
        'b=v:b',
      ])
    })

    it('does not keep hold of the buffers it was given', () => {
      const key = bytes('key')
      const value = bytes('value')
      store.transaction(() => store.put(key, value))
      key.fill(0)
      value.fill(0)
      expect(store.get(bytes('key'))?.toString()).toBe('value')
    })

    it('orders keys as bytes, zero bytes and 0xff among them', () => {
      fill('b', 'a\u0000', 'a', 'a\u00ff', 'a\u0000\u0000', '\u00ff\u00ff', '\u0000')
      expect(keysOf('')).toEqual(['\u0000', 'a', 'a\u0000', 'a\u0000\u0000', 'a\u00ff', 'b', '\u00ff\u00ff'])
      expect(keysOf('a')).toEqual(['a', 'a\u0000', 'a\u0000\u0000', 'a\u00ff'])
      expect(keysOf('a\u0000')).toEqual(['a\u0000', 'a\u0000\u0000'])
      expect(keysOf('\u00ff')).toEqual(['\u00ff\u00ff'])
      expect(keysOf('c')).toEqual([])
    })

    it('goes on after a key and stops at a limit', () => {
      fill('p1', 'p2', 'p3', 'q')
      expect(keysOf('p', { limit: 2 })).toEqual(['p1', 'p2'])
      expect(keysOf('p', { after: bytes('p2') })).toEqual(['p3'])
      expect(keysOf('p', { after: bytes('p1'), limit: 1 })).toEqual(['p2'])
    })

    it('shows a transaction its own writes', () => {
      fill('a', 'b')
      store.transaction(() => {
        store.put(bytes('c'), bytes('new'))
        store.remove(bytes('a'))
        expect(store.get(bytes('c'))?.toString()).toBe('new')
        expect(store.get(bytes('a'))).toBeUndefined()
        expect(keysOf('')).toEqual(['b', 'c'])
      })
      expect(keysOf('')).toEqual(['b', 'c'])
    })

    it('keeps nothing of a transaction that threw', () => {
      fill('a')
      expect(() =>
        store.transaction(() => {
          store.put(bytes('a'), bytes('changed'))
          store.put(bytes('b'), bytes('new'))
          store.remove(bytes('a'))
          throw new Error('stop')
        }),
      ).toThrow('stop')
      expect(keysOf('')).toEqual(['a'])
      expect(store.get(bytes('a'))?.toString()).toBe('v:a')
      fill('c')
      expect(keysOf('')).toEqual(['a', 'c'])
    })

    it('refuses writes outside a transaction, nested ones and keys out of bounds', () => {
      expect(() => store.put(bytes('a'), bytes(''))).toThrow('outside')
      expect(() => store.remove(bytes('a'))).toThrow('outside')
      expect(() => store.transaction(() => store.transaction(() => undefined))).toThrow('nest')
      expect(() => fill('')).toThrow('bytes')
      expect(() => fill('x'.repeat(MAX_STORE_KEY_BYTES + 1))).toThrow('bytes')
      fill('x'.repeat(MAX_STORE_KEY_BYTES))
      expect(keysOf('x')).toHaveLength(1)
    })

    it('takes empty and large values and gives the result of the work', () => {
      const large = Buffer.alloc(3_000_000, 7)
      const result = store.transaction(() => {
        store.put(bytes('empty'), Buffer.alloc(0))
        store.put(bytes('large'), large)
        return 42
      })
      expect(result).toBe(42)
      expect(store.get(bytes('empty'))?.length).toBe(0)
      expect(store.get(bytes('large'))?.equals(large)).toBe(true)
    })

    it('is empty after a wipe and can be used on', () => {
      fill('a', 'b')
      store.wipe()
      expect(keysOf('')).toEqual([])
      fill('c')
      expect(keysOf('')).toEqual(['c'])
      expect(store.bytes()).toBeGreaterThan(0)
    })
  })
}
