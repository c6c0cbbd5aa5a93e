import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { HeadraceError } from '@headrace/errors'

/** Whether this machine lets us listen on 127.0.0.1:port. */
export const portFree = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })

/** Whether it becomes free in this time. */
export const freeWithin = async (port: number, ms: number): Promise<boolean> => {
  for (const deadline = Date.now() + ms; !(await portFree(port)); await delay(50)) {
    if (Date.now() >= deadline) return false
  }
  return true
}

/**
 * A free port below the range from which systems take the ports of outgoing connections. A port out of that range can
 * be taken by any client while the server is down for a restart; a client that reconnects can even connect to itself.
 */
export const freePort = async (taken: ReadonlySet<number> = new Set()): Promise<number> => {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = randomInt(12_000, 32_000)
    if (!taken.has(port) && (await portFree(port))) return port
  }
  throw new HeadraceError('stack.port_taken', 'no free port found between 12000 and 32000 on 127.0.0.1')
}

/** As many different free ports as there are names. */
export const freePorts = async <Name extends string>(
  names: readonly Name[],
  notThese: Iterable<number> = [],
): Promise<Record<Name, number>> => {
  const taken = new Set(notThese)
  const ports: [Name, number][] = []
  for (const name of names) {
    const port = await freePort(taken)
    taken.add(port)
    ports.push([name, port])
  }
  return Object.fromEntries(ports) as Record<Name, number>
}
