import { compareJson, type JsonDifference } from '@headrace/denormalise'
import { type Hit, rawMembers } from '@headrace/elasticsearch'
import { ERROR_FIELD } from '@headrace/search-model'
import { JsonCursor } from '@headrace/wire'
import type { Expected } from './expected-documents.ts'

export type Verdict =
  | { readonly kind: 'equal' | 'missing' | 'extra' }
  /** A stub stands in the document's place: it could not be made, or Elasticsearch refused it (05 A18). */
  | { readonly kind: 'stub'; readonly reason: string }
  | { readonly kind: 'differing'; readonly differences: readonly JsonDifference[] }

const EQUAL: Verdict = { kind: 'equal' }

const stubReason = (source: string): string | undefined => {
  const reason = rawMembers(new JsonCursor(source)).get(ERROR_FIELD)
  return reason === undefined ? undefined : (JSON.parse(reason) as string)
}

/** What SQL says of a key beside what the index holds. Pure. */
export const judge = (expected: Expected | undefined, hit: Hit | undefined): Verdict => {
  const actual = hit?.source
  if (expected === undefined) return actual === undefined ? EQUAL : { kind: 'extra' }
  if (actual === undefined) return { kind: 'missing' }
  const reason = stubReason(actual)
  if (expected.overflow !== undefined) {
    if (reason !== undefined) return EQUAL
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
  if (reason !== undefined) return { kind: 'stub', reason }
  const differences = compareJson(expected.document, actual)
  return differences.length === 0 ? EQUAL : { kind: 'differing', differences }
}
