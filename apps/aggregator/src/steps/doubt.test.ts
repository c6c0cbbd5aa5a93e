import { describe, expect, it } from '@jest/globals'
import { Doubt } from './doubt.ts'

describe('Doubt (05 A15)', () => {
  it('holds for everything until the end of the log at the assignment is read', () => {
    const doubt = new Doubt(10n)
    doubt.read(9n, 50n)
    expect(doubt.holds(70n)).toBe(true)
  })

  it('then holds up to the end of the log when it was read', () => {
    const doubt = new Doubt(10n)
    doubt.read(10n, 50n)
    doubt.read(50n, 90n)
    expect([doubt.holds(49n), doubt.holds(50n)]).toEqual([true, false])
  })

  it('never shrinks: the last stable offset may lie below', () => {
    const doubt = new Doubt(10n)
    doubt.read(10n, 8n)
    expect(doubt.holds(9n)).toBe(true)
  })
})
