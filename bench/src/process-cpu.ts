import { readFileSync } from 'node:fs'

/** Clock ticks per second of /proc (USER_HZ is 100 on every Linux that Node runs on). */
const TICKS = 100

/** CPU seconds (user and system) that a process has used, and its resident memory in MiB. Linux only. */
export const usageOf = (pid: number): { readonly cpuSeconds: number; readonly residentMiB: number } => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS,
    residentMiB: Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024),
  }
}

/** The value below which `share` of the sorted list lies, one decimal. */
export const quantile = (sorted: readonly number[], share: number): number =>
  Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 10) / 10
