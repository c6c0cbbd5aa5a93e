import { compareJson, type JsonDifference } from '@headrace/denormalise'
import { type Hit, rawMembers } from '@headrace/elasticsearch'
import { ERROR_FIELD } from '@headrace/search-model'
import { JsonCursor } from '@headrace/wire'
import type { Expected } from './expected-documents.ts'

export type Verdict =
  | { readonly kind: 'equal' | 'missing' | 'extra' }
  | { readonly kind: 'differing'; readonly differences: readonly JsonDifference[] }

const EQUAL: Verdict = { kind: 'equal' }

const isStub = (source: string): boolean => rawMembers(new JsonCursor(source)).has(ERROR_FIELD)

/** What SQL says of a key beside what the index holds. Pure. */
export const judge = (expected: Expected | undefined, hit: Hit | undefined): Verdict => {
  const actual = hit?.source
  if (expected === undefined) return actual === undefined ? EQUAL : { kind: 'extra' }
  if (actual === undefined) return { kind: 'missing' }
  if (expected.overflow !== undefined) {
    if (isStub(actual)) return EQUAL
    return {
      kind: 'differing',
      differences: [
        {
          path: ERROR_FIELD,
          expected: JSON.stringify(`list ${expected.overflow} is too long`),
          actual: undefined,
        },
      ],
    }
  }
  const differences = compareJson(expected.document, actual)
  return differences.length === 0 ? EQUAL : { kind: 'differing', differences }
}
