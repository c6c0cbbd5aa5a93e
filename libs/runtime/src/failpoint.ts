import { HeadraceError } from '@headrace/errors'

/** Called at a named crash window; does nothing unless a test armed that name. */
export type Failpoints = (name: string) => void

/**
 * `spec` is `name=n[,name=n]`: the process is killed by SIGKILL when it passes `name` for the n-th time. Empty: nothing is armed.
 * For tests of crash windows (05 A21); services take it from HEADRACE_FAILPOINTS.
 */
export const createFailpoints = (spec: string): Failpoints => {
  const remaining = new Map<string, number>()
  for (const part of spec === '' ? [] : spec.split(',')) {
    const [name, count] = part.split('=')
    if (name === undefined || !/^\d+$/.test(count ?? '')) {
      throw new HeadraceError('config.invalid', `HEADRACE_FAILPOINTS: "${part}" is not name=count`)
    }
    remaining.set(name, Number(count))
  }
  if (remaining.size === 0) return () => undefined
  return name => {
    const left = remaining.get(name)
    if (left === undefined) return
    if (left <= 1) process.kill(process.pid, 'SIGKILL')
    remaining.set(name, left - 1)
  }
}
