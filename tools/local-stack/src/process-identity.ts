import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** A process that cannot be taken for a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number
  /** When it was started, in the system's own words; only compared. */
  readonly started: string
}

interface Row {
  readonly pid: number
  readonly parent: number
  readonly dead: boolean
  readonly started: string
}

/** /proc/<pid>/stat: the name in brackets may hold anything, so fields are counted from the last bracket. */
export const parseStat = (text: string): Row => {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const state = fields[0] ?? 'X'
  return {
    pid: Number.parseInt(text, 10),
    parent: Number(fields[1]),
    dead: state === 'Z' || state === 'X',
    started: fields[19] ?? '',
  }
}

/** One line of `ps -o pid=,ppid=,stat=,lstart=`. */
const parsePs = (line: string): Row => {
  const [pid, parent, state, ...started] = line.trim().split(/\s+/)
  return {
    pid: Number(pid),
    parent: Number(parent),
    dead: state?.startsWith('Z') ?? true,
    started: started.join(' '),
  }
}

const ps = (args: readonly string[]): Row[] => {
  try {
    const text = execFileSync('ps', [...args, '-o', 'pid=,ppid=,stat=,lstart='], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return text
      .split('\n')
      .filter(line => line.trim() !== '')
      .map(parsePs)
  } catch {
    return []
  }
}

const readRow = (pid: number): Row | undefined => {
  if (process.platform !== 'linux') return ps(['-p', String(pid)])[0]
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return undefined
  }
}

const bootId = (): string => {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}

const identityOf = (row: Row): ProcessIdentity => ({ pid: row.pid, started: `${bootId()}/${row.started}` })

/** Who runs under this pid now, undefined when nobody does. */
export const identify = (pid: number): ProcessIdentity | undefined => {
  const row = readRow(pid)
  return row === undefined || row.dead ? undefined : identityOf(row)
}

/** Whether this very process still runs (a zombie does not). */
export const running = (identity: ProcessIdentity): boolean =>
  identify(identity.pid)?.started === identity.started

const allRows = (): Row[] => {
  if (process.platform !== 'linux') return ps(['-A'])
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => readRow(Number(name)) ?? [])
}

/** The process and all its descendants. Postgres' workers lead groups of their own, so a group signal misses them. */
export const processTree = (root: ProcessIdentity): ProcessIdentity[] => {
  if (!running(root)) return []
  const rows = allRows().filter(row => !row.dead)
  const tree: ProcessIdentity[] = [root]
  for (const parent of tree) {
    for (const row of rows)
      if (row.parent === parent.pid && row.pid !== parent.pid) tree.push(identityOf(row))
  }
  return tree
}

/** Sends a signal to this very process; false when it has ended already. */
export const signalProcess = (identity: ProcessIdentity, signal: NodeJS.Signals): boolean => {
  if (!running(identity)) return false
  try {
    process.kill(identity.pid, signal)
    return true
  } catch {
    return false
  }
}
