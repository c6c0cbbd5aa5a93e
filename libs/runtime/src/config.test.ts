import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { HeadraceError } from '@headrace/errors'
import { describe, expect, it } from '@jest/globals'
import { describeConfig, readConfig, settings } from './config.ts'

const declaration = {
  port: settings.integer({ env: 'PORT', description: 'Port.', default: '80', min: 1, max: 65535 }),
  brokers: settings.list({ env: 'BROKERS', description: 'Brokers.' }),
  level: settings.choice(['debug', 'info'], { env: 'LEVEL', description: 'Level.', default: 'info' }),
  password: settings.optional(settings.secret({ env: 'PASSWORD', description: 'Password.' })),
}

const messageOf = (env: Record<string, string>): string => {
  try {
    readConfig(declaration, env)
  } catch (error) {
    if (error instanceof HeadraceError) return error.message
    throw error
  }
  throw new Error('it was accepted')
}

describe('readConfig', () => {
  it('takes defaults and parses', () => {
    expect(readConfig(declaration, { BROKERS: 'a:1, b:2' })).toEqual({
      port: 80,
      brokers: ['a:1', 'b:2'],
      level: 'info',
    })
  })

  it('lists every mistake at once, by variable', () => {
    const message = messageOf({ PORT: '99999', LEVEL: 'loud' })
    expect(message).toContain('3 mistakes')
    expect(message).toContain('PORT: "99999" is not a whole number from 1 to 65535')
    expect(message).toContain('BROKERS is not set')
    expect(message).toContain('LEVEL: "loud" is none of debug, info')
  })

  it('reads a secret from a file and never shows it', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'config-')), 'password')
    writeFileSync(file, 'hunter2\n')
    const { password } = readConfig(declaration, { BROKERS: 'a', PASSWORD_FILE: file })
    expect(password?.reveal()).toBe('hunter2')
    expect(`${password} ${JSON.stringify({ password })} ${inspect(password)}`).not.toContain('hunter2')
  })
})

describe('describeConfig', () => {
  it('is the help text', () => {
    expect(describeConfig(declaration)).toMatchInlineSnapshot(`
"PORT
    Port.
    a whole number from 1 to 65535; default 80
BROKERS
    Brokers.
    texts separated by commas; required
LEVEL
    Level.
    debug | info; default info
PASSWORD
    Password.
    a secret text, or <NAME>_FILE; optional"
`)
  })
})
