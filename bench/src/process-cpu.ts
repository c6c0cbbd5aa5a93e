import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Clock ticks per second of /proc (USER_HZ is 100 on every Linux that Node runs on). */
const TICKS = 100

export interface ProcessUsage {
  /** User and system. */
  readonly cpuSeconds: number
  readonly residentMiB: number
  /** Most that was ever resident. */
  readonly peakMiB: number
}

/** Fields of /proc/PID/stat behind the name: [1] parent, [11], [12] own ticks, [13], [14] those of ended children. */
const statOf = (pid: number): readonly string[] => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

const mebibytes = (status: string, name: string): number =>
  Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024)

/** What a process has used. Linux only. */
export const usageOf = (pid: number): ProcessUsage => {
  const fields = statOf(pid)
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS,
    residentMiB: mebibytes(status, 'VmRSS'),
    peakMiB: mebibytes(status, 'VmHWM'),
  }
}

const processIds = (): readonly number[] => readdirSync('/proc').map(Number).filter(Number.isInteger)

/** Of processes that may end while they are looked at. */
const attempt = <T>(read: () => T): T | undefined => {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** CPU seconds of a process with its children, those that have ended included: Postgres has a process per connection. */
export const familyCpuSeconds = (pid: number): number => {
  const ticks = (fields: readonly string[], upTo: number): number =>
    fields.slice(11, upTo).reduce((sum, field) => sum + Number(field), 0)
  let sum = ticks(statOf(pid), 15)
  for (const child of processIds()) {
    const fields = attempt(() => statOf(child))
    if (fields !== undefined && Number(fields[1]) === pid) sum += ticks(fields, 13)
  }
  return sum / TICKS
}

const LISTENING = '0A'

const listeningInode = (port: number): string | undefined => {
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(file, 'utf8').split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/)
      const isPort = Number.parseInt(fields[1]?.split(':')[1] ?? '', 16) === port
      if (isPort && fields[3] === LISTENING) return fields[9]
    }
  }
  return undefined
}

/** The process of this machine that listens on a port, as far as we may see it. */
export const listenerOf = (port: number): number | undefined => {
  const inode = listeningInode(port)
  if (inode === undefined) return undefined
  const owns = (pid: number): boolean =>
    readdirSync(`/proc/${pid}/fd`).some(
      fd => attempt(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) === `socket:[${inode}]`,
    )
  return processIds().find(pid => attempt(() => owns(pid)) === true)
}

/** The value below which `share` of the sorted list lies, one decimal. */
export const quantile = (sorted: readonly number[], share: number): number =>
  Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 10) / 10
