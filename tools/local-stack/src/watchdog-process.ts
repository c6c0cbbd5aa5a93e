import { spawn } from 'node:child_process'
import { join } from 'node:path'

/**
 * Starts the watchdog over an ephemeral stack (watchdog.ts). Our end of its input stays open until this process ends or
 * the returned function is called.
 */
export const guard = (folder: string): (() => void) => {
  const program = join(import.meta.dirname, `watchdog${import.meta.filename.endsWith('.ts') ? '.ts' : '.js'}`)
  const args = ['--conditions=@headrace/source', '--disable-warning=ExperimentalWarning', program, folder]
  const child = spawn(process.execPath, args, {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
  })
  child.once('error', () => undefined)
  child.unref()
  const input = child.stdin as typeof child.stdin & { unref?: () => void }
  input.on('error', () => undefined)
  input.unref?.()
  return () => void input.end()
}
