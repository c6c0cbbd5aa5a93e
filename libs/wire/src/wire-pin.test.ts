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
const PINNED = 'b480a4ca1c2fa4d25c93e0c6db66af641108c280051a5cd3dd7d7ef06050b380'

describe('W8 the wire messages', () => {
  it('are the ones that were pinned', () => {
    expect(createHash('sha256').update(Buffer.from(fileDescriptorsBase64, 'base64')).digest('hex')).toBe(
      PINNED,
    )
  })
})
