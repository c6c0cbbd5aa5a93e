/**
 * Ends an ephemeral stack when the process that started it is gone, however it went: its end closes our input.
 * Runs as a process of its own: `node watchdog.ts STACK_FOLDER`.
 */
import { endEphemeral } from './ephemeral.ts'

const folder = process.argv[2]
if (folder !== undefined) {
  process.stdin.on('end', () => endEphemeral(folder))
  process.stdin.on('error', () => endEphemeral(folder))
  process.stdin.resume()
}
