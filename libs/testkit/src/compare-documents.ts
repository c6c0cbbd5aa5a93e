import { canonicalJson } from './exact-json.ts'

export interface Difference {
  readonly key: string
  readonly kind: 'missing' | 'surplus' | 'different'
  /** Where the two part, for a person. */
  readonly detail: string
}

const AROUND = 60

const partAt = (expected: string, actual: string): string => {
  let at = 0
  while (at < expected.length && expected[at] === actual[at]) at++
  const from = Math.max(0, at - AROUND)
  return `expected ...${expected.slice(from, at + AROUND)}... got ...${actual.slice(from, at + AROUND)}...`
}

/** Every document against every document, as JSON with exact numbers. */
export const compareDocuments = (
  expected: ReadonlyMap<string, string>,
  actual: ReadonlyMap<string, string>,
): readonly Difference[] => {
  const differences: Difference[] = []
  for (const [key, text] of expected) {
    const found = actual.get(key)
    if (found === undefined) {
      differences.push({ key, kind: 'missing', detail: 'the index has no such document' })
      continue
    }
    const [wanted, got] = [canonicalJson(text), canonicalJson(found)]
    if (wanted !== got) differences.push({ key, kind: 'different', detail: partAt(wanted, got) })
  }
  for (const key of actual.keys()) {
    if (!expected.has(key)) differences.push({ key, kind: 'surplus', detail: 'the database has no such row' })
  }
  return differences
}
