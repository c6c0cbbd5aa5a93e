import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endEphemeral, ephemeralState, sweepEphemeral } from './ephemeral.ts'
import { withLock } from './lock.ts'
import { identify, parseStat, type ProcessIdentity, processTree, running } from './process-identity.ts'
import { killServer } from './server-process.ts'
import { readState, runningServices, stackNames, type StackState, withService, writeState } from './state.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headrace-state-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const me = (): ProcessIdentity => {
  const identity = identify(process.pid)
  if (identity === undefined) throw new Error('this process is not found')
  return identity
}

const ended = (child: ChildProcess): Promise<unknown> => new Promise(resolve => child.once('exit', resolve))

const empty = (): StackState => ({ format: 1, name: 'x', dataDir: folder, ephemeral: false, services: {} })

const service = (
  server: ProcessIdentity,
): { version: string; ports: { client: number }; address: string; process: ProcessIdentity } => ({
  version: '1',
  ports: { client: 1 },
  address: 'a',
  process: server,
})

describe('process identity', () => {
  it('tells a process from a later one with the same pid', () => {
    expect(running(me())).toBe(true)
    expect(running({ ...me(), started: 'earlier' })).toBe(false)
  })

  it('reads names with brackets and spaces', () => {
    const fields = Array.from({ length: 30 }, (_, index) => `f${index}`)
    fields[0] = 'S'
    fields[1] = '7'
    expect(parseStat(`42 (a b) (c)) ${fields.join(' ')}`)).toEqual({
      pid: 42,
      parent: 7,
      dead: false,
      started: 'f19',
    })
    fields[0] = 'Z'
    expect(parseStat(`42 (a) ${fields.join(' ')}`).dead).toBe(true)
  })

  it('finds and ends what a server started, even in another process group', async () => {
    // like Postgres: the worker leads a group of its own
    const program = `require('node:child_process').spawn(process.execPath,['-e','setInterval(()=>{},1e6)'],{detached:true}); console.log('up'); setInterval(()=>{},1e6)`
    const child = spawn(process.execPath, ['-e', program], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    await new Promise(resolve => child.stdout.once('data', resolve))
    const server = identify(child.pid ?? 0)
    if (server === undefined) throw new Error('the child is not found')
    const tree = processTree(server)
    expect(tree).toHaveLength(2)
    const exit = ended(child)
    await killServer(server)
    await exit
    expect(tree.filter(running)).toEqual([])
    expect(processTree(server)).toEqual([])
  })
})

describe('state', () => {
  it('is read as it was written, and leaves no other file', () => {
    const state = withService(empty(), 'kafka', service(me()))
    writeState(folder, state)
    expect(readState(folder)).toEqual(state)
    expect(readdirSync(folder)).toEqual(['state.json'])
  })

  it('knows who really runs', () => {
    let state = withService(empty(), 'kafka', service(me()))
    state = withService(state, 'postgres', service({ ...me(), started: 'another process had this pid' }))
    state = withService(state, 'elasticsearch', { version: '1', ports: {}, address: 'a' })
    expect(Object.keys(runningServices(state))).toEqual(['kafka'])
  })

  it('is nothing when the file is broken or of another format', () => {
    expect(readState(folder)).toBeUndefined()
    writeFileSync(join(folder, 'state.json'), '{"format":')
    expect(readState(folder)).toBeUndefined()
    writeFileSync(join(folder, 'state.json'), '{"format":2}')
    expect(readState(folder)).toBeUndefined()
  })

  it('lists stacks only', () => {
    for (const name of ['b', 'a', 'no-stack']) mkdirSync(join(folder, name))
    for (const name of ['b', 'a']) writeState(join(folder, name), empty())
    expect(stackNames(folder)).toEqual(['a', 'b'])
    expect(stackNames(join(folder, 'absent'))).toEqual([])
  })
})

describe('ephemeral stacks', () => {
  it('end when their owner is gone, and only those', () => {
    const state = ephemeralState('x', folder)
    expect(state.owner).toEqual(me())
    writeState(join(folder, 'mine'), state)
    writeState(join(folder, 'orphan'), { ...state, owner: { ...me(), started: 'before the last boot' } })
    writeState(join(folder, 'lasting'), empty())
    sweepEphemeral(folder)
    expect(stackNames(folder)).toEqual(['lasting', 'mine'])
    endEphemeral(join(folder, 'lasting'))
    expect(stackNames(folder)).toEqual(['lasting', 'mine'])
  })
})

describe('withLock', () => {
  it('lets one at a time in', async () => {
    const path = join(folder, 'lock')
    let inside = 0
    let most = 0
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside)
      await new Promise(resolve => setImmediate(resolve))
      inside--
    }
    await Promise.all([1, 2, 3].map(() => withLock(path, undefined, work)))
    expect(most).toBe(1)
    expect(readdirSync(folder)).toEqual([])
  })

  it('takes over from a dead holder', async () => {
    const path = join(folder, 'lock')
    writeFileSync(path, JSON.stringify({ ...me(), started: 'before the last boot' }))
    expect(await withLock(path, undefined, () => Promise.resolve('done'))).toBe('done')
  })

  it('is given back when the work fails', async () => {
    const path = join(folder, 'lock')
    await expect(withLock(path, undefined, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await withLock(path, undefined, () => Promise.resolve(1))).toBe(1)
  })
})
