import { describe, expect, it } from '@jest/globals'
import { isFinal, restartDelay } from './restart-policy.ts'

describe('isFinal', () => {
  it('starts again after a signal, an unknown error and an orderly end', () => {
    expect(isFinal({ status: null, signal: 'SIGKILL', code: undefined })).toBe(false)
    expect(isFinal({ status: 70, signal: null, code: 'internal.bug' })).toBe(false)
    expect(isFinal({ status: 0, signal: null, code: undefined })).toBe(false)
    expect(isFinal({ status: 75, signal: null, code: 'kafka.fenced' })).toBe(false)
  })

  it('goes by the code where the status alone could mean either', () => {
    expect(isFinal({ status: 89, signal: null, code: 'kafka.topic_missing' })).toBe(false)
    expect(isFinal({ status: 87, signal: null, code: 'http.port_taken' })).toBe(true)
  })

  it('does not start again what only a person can mend', () => {
    expect(isFinal({ status: 78, signal: null, code: 'config.invalid' })).toBe(true)
    expect(isFinal({ status: 80, signal: null, code: 'capture.slot_ahead' })).toBe(true)
    expect(isFinal({ status: 65, signal: null, code: undefined })).toBe(true)
  })
})

describe('restartDelay', () => {
  it('grows to a quarter of a minute', () => {
    expect(restartDelay(0, 1)).toBe(200)
    expect(restartDelay(3, 1)).toBe(1600)
    expect(restartDelay(50, 1)).toBe(15000)
  })
})
