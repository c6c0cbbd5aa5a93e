/**
 * Ends an ephemeral stack when the process that started it is gone, however it went: its end closes our input.
 * Runs as a process of its own: `node watchdog.ts STACK_FOLDER`.
 */
import { type ProcessIdentity, processTree, signalProcess } from './process-identity.ts'
import { readState, removeFolder, runningServices } from './state.ts'

const end = (folder: string): void => {
  const state = readState(folder)
  if (state?.ephemeral !== true) return
  const servers: ProcessIdentity[] = Object.values(runningServices(state)).map(service => service.process)
  for (const member of servers.flatMap(processTree)) signalProcess(member, 'SIGKILL')
  removeFolder(folder)
}

const folder = process.argv[2]
if (folder !== undefined) {
  process.stdin.on('end', () => end(folder))
  process.stdin.on('error', () => end(folder))
  process.stdin.resume()
}
