import { describe, expect, it } from '@jest/globals'
import { type Component, ComponentScope } from './component.ts'

const recorder = (log: string[]) => {
  const component = (name: string, fails = false): Component<string> => ({
    name,
    start: () => {
      if (fails) return Promise.reject(new Error(`${name} does not start`))
      log.push(`start ${name}`)
      return Promise.resolve({
        value: name,
        stop: () => {
          log.push(`stop ${name}`)
          return Promise.resolve()
        },
      })
    },
  })
  return component
}

describe('ComponentScope', () => {
  it('stops in reverse order', async () => {
    const log: string[] = []
    const component = recorder(log)
    const scope = new ComponentScope()
    await scope.start(component('a'))
    await scope.start(component('b'))
    await scope.stop()
    expect(log).toEqual(['start a', 'start b', 'stop b', 'stop a'])
  })

  it('rolls back when the third of four does not start', async () => {
    const log: string[] = []
    const component = recorder(log)
    const scope = new ComponentScope()
    await scope.start(component('a'))
    await scope.start(component('b'))
    await expect(scope.start(component('c', true))).rejects.toThrow('c does not start')
    expect(log).toEqual(['start a', 'start b', 'stop b', 'stop a'])
  })

  it('stops all although one fails, and reports the failure', async () => {
    const log: string[] = []
    const scope = new ComponentScope()
    await scope.start(recorder(log)('a'))
    scope.onStop('b', () => Promise.reject(new Error('b hangs')))
    await expect(scope.stop()).rejects.toThrow('b hangs')
    expect(log).toEqual(['start a', 'stop a'])
  })
})
