import { describe, expect, it } from '@jest/globals'
import { nodeCommand } from '@headrace/testkit'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { checkPatches } from '../testing/check-patches.ts'

describe('kafkajs is patched before it is used (06 E5b)', () => {
  it('in jest', () => {
    expect(checkPatches()).toEqual({ timer: true, errorCodes: true, lz4: true })
  })

  it('in a plain Node', async () => {
    const { command, args } = nodeCommand()
    const program = join(import.meta.dirname, '..', 'testing', 'check-patches-program.ts')
    const { stdout } = await promisify(execFile)(command, [...args, program])
    expect(JSON.parse(stdout)).toEqual({ timer: true, errorCodes: true, lz4: true })
  })
})
