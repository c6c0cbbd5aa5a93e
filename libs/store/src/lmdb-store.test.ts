import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from '@jest/globals'
import { openStore, type StoreBeginning } from './open-store.ts'
import type { Store } from './store.ts'
import { storeConformance } from './testing/index.ts'

const base = mkdtempSync(join(tmpdir(), 'headrace-store-'))
let count = 0
const newFolder = (): string => join(base, String(++count))
const identity = { cluster: 'c', plan: 'p' }
const key = Buffer.from('k')

afterAll(() => rmSync(base, { recursive: true, force: true }))

storeConformance('lmdb', () => openStore({ folder: newFolder(), identity }).store)

/** Writes one value in a child process and ends it by SIGKILL while it holds the store. */
const writeAndKill = async (folder: string, value: string): Promise<void> => {
  const script = `
    import { openStore } from ${JSON.stringify(join(__dirname, 'index.ts'))}
    const { store } = openStore(${JSON.stringify({ folder, identity })})
    store.transaction(() => store.put(Buffer.from('k'), Buffer.from(${JSON.stringify(value)})))
    process.stdout.write('ready')
    setInterval(() => undefined, 1000)`
  const child = spawn(
    process.execPath,
    ['--conditions=@headrace/source', '--input-type=module', '-e', script],
    {
      cwd: join(__dirname, '..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const ended = new Promise(resolve => child.once('exit', resolve))
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve)
    child.once('exit', code => reject(new Error(`the child ended with ${code}`)))
  })
  expect(() => openStore({ folder, identity })).toThrow('has the store open')
  child.kill('SIGKILL')
  await ended
}

const reopened = async (
  folder: string,
  options: { bootId?: string; identity?: Record<string, string> } = {},
) => {
  const opened = openStore({ folder, identity, ...options })
  const result: { beginning: StoreBeginning; value: string | undefined } = {
    beginning: opened.beginning,
    value: opened.store.get(key)?.toString(),
  }
  await opened.store.close()
  return result
}

const put = (store: Store, value: string): void => store.transaction(() => store.put(key, Buffer.from(value)))

describe('openStore (05 A13, A16)', () => {
  it('keeps what was committed through SIGKILL, and takes over the lock of the dead', async () => {
    const folder = newFolder()
    await writeAndKill(folder, 'survives')
    expect(await reopened(folder)).toEqual({ beginning: 'kept', value: 'survives' })
  })

  it('wipes after an unclean stop when the machine was started anew', async () => {
    const folder = newFolder()
    await writeAndKill(folder, 'maybe torn')
    expect(await reopened(folder, { bootId: 'another boot' })).toEqual({
      beginning: 'power-loss',
      value: undefined,
    })
  })

  it('keeps a cleanly closed store over a new start of the machine', async () => {
    const folder = newFolder()
    const { store, beginning } = openStore({ folder, identity })
    expect(beginning).toBe('new')
    put(store, 'clean')
    await store.close()
    expect(await reopened(folder, { bootId: 'another boot' })).toEqual({ beginning: 'kept', value: 'clean' })
  })

  it('wipes a store that belongs to something else', async () => {
    const folder = newFolder()
    const { store } = openStore({ folder, identity })
    put(store, 'old plan')
    await store.close()
    const other = { ...identity, incarnation: 'x' }
    expect(await reopened(folder, { identity: other })).toEqual({ beginning: 'identity', value: undefined })
    expect(await reopened(folder, { identity: other })).toEqual({ beginning: 'kept', value: undefined })
  })

  it('refuses a second opening in the same process, and a broken state file means a new store', async () => {
    const folder = newFolder()
    const { store } = openStore({ folder, identity })
    put(store, 'x')
    expect(() => openStore({ folder, identity })).toThrow('has the store open')
    await store.close()
    expect(existsSync(join(folder, 'owner'))).toBe(false)
    expect(JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8'))).toMatchObject({ clean: true })
    writeFileSync(join(folder, 'state.json'), '{')
    expect(await reopened(folder)).toEqual({ beginning: 'new', value: undefined })
  })
})
