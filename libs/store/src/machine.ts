import { readFileSync } from 'node:fs'
import { hostname, uptime } from 'node:os'

const MINUTE_MS = 60_000

/** Names this start of the machine: another one means that what was only in the page cache may be gone. */
export const bootId = (): string => {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    // systems without procfs: the time of the start, to the minute
    return `${hostname()}-${Math.round((Date.now() - uptime() * 1000) / MINUTE_MS)}`
  }
}

/** When a process was started (in the system's own unit), undefined when it does not run. */
export const processStart = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // the name in parentheses may hold blanks: fields are counted after it; starttime is field 22
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return runs(pid) ? 'unknown' : undefined
  }
}

const runs = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
