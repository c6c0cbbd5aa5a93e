import { join } from 'node:path'
import { identify, processTree, running, signalProcess } from './process-identity.ts'
import { readState, removeFolder, runningServices, stackNames, type StackState } from './state.ts'

/** The state of a new ephemeral stack: this process owns it. */
export const ephemeralState = (name: string, folder: string): StackState => {
  const owner = identify(process.pid)
  return {
    format: 1,
    name,
    dataDir: folder,
    ephemeral: true,
    ...(owner === undefined ? {} : { owner }),
    services: {},
  }
}

/** Kills the servers of an ephemeral stack and removes its folder. Does nothing to any other stack. */
export const endEphemeral = (folder: string): void => {
  const state = readState(folder)
  if (state?.ephemeral !== true) return
  for (const service of Object.values(runningServices(state))) {
    for (const member of processTree(service.process)) signalProcess(member, 'SIGKILL')
  }
  removeFolder(folder)
}

/** Ends the ephemeral stacks whose owner is gone and whose watchdog did not do it: the machine went down, or it was killed too. */
export const sweepEphemeral = (root: string): void => {
  for (const name of stackNames(root)) {
    const owner = readState(join(root, name))?.owner
    if (owner !== undefined && !running(owner)) endEphemeral(join(root, name))
  }
}
