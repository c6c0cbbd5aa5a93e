import { describe, expect, it } from '@jest/globals'
import { createServer, type Server } from 'node:net'
import { freePorts, portFree } from './ports.ts'

const listen = (port: number): Promise<Server> =>
  new Promise(resolve => {
    const server = createServer().listen(port, '127.0.0.1', () => resolve(server))
  })

describe('ports', () => {
  it('are different, free, and below those of outgoing connections', async () => {
    const ports = Object.values(await freePorts(['a', 'b', 'c', 'd']))
    expect(new Set(ports).size).toBe(4)
    for (const port of ports) {
      expect(port).toBeGreaterThanOrEqual(12_000)
      expect(port).toBeLessThan(32_000)
      expect(await portFree(port)).toBe(true)
    }
  })

  it('are not free while somebody listens', async () => {
    const { port } = await freePorts(['port'])
    const server = await listen(port)
    expect(await portFree(port)).toBe(false)
    await new Promise(resolve => server.close(resolve))
    expect(await portFree(port)).toBe(true)
  })
})
