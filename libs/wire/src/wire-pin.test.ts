import { createHash } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { fileDescriptorsBase64 } from './generated/file-descriptors.ts'

/**
 * What travels between services of different versions. When this test fails, a message of proto/ has changed:
 * 1. `cd proto && ../node_modules/.bin/buf breaking` against the released messages must pass: fields may be added, never
 *    removed, renumbered or retyped. Else make proto/headrace/v2.
 * 2. Ask what an older service does with a record that carries the new field, and a newer one with a record without it.
 * 3. Only then put the new hash here, in the same commit as the change.
 */
const PINNED = '1d959ce95b3d246793258826e262aa807591cb09b9cf99bb6e89fdfa6bb12d1d'

describe('W8 the wire messages', () => {
  it('are the ones that were pinned', () => {
    expect(createHash('sha256').update(Buffer.from(fileDescriptorsBase64, 'base64')).digest('hex')).toBe(
      PINNED,
    )
  })
})
