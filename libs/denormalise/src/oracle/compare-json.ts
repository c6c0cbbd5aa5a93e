import { ExactNumber, type ExactJson, exactJsonText, parseExactJson } from './exact-json.ts'

/** One place where two documents differ. Values are payload: show them to who asked, do not log them. */
export interface JsonDifference {
  /** Like `annotations[0].metadata.occluded`; empty for the whole document. */
  readonly path: string
  /** JSON texts; undefined = not there. */
  readonly expected: string | undefined
  readonly actual: string | undefined
}

const IDENTIFIER = /^[A-Za-z_]\w*$/

const memberPath = (path: string, name: string): string => {
  if (!IDENTIFIER.test(name)) return `${path}[${JSON.stringify(name)}]`
  return path === '' ? name : `${path}.${name}`
}

const isList = (value: ExactJson | undefined): value is readonly ExactJson[] => Array.isArray(value)

class Comparison {
  readonly differences: JsonDifference[] = []
  private readonly limit: number

  constructor(limit: number) {
    this.limit = limit
  }

  compare(path: string, expected: ExactJson | undefined, actual: ExactJson | undefined): void {
    if (this.differences.length >= this.limit || expected === actual) return
    if (isList(expected) && isList(actual)) {
      for (let i = 0; i < Math.max(expected.length, actual.length); i++) {
        this.compare(`${path}[${i}]`, expected[i], actual[i])
      }
    } else if (expected instanceof Map && actual instanceof Map) {
      for (const name of new Set<string>([...expected.keys(), ...actual.keys()])) {
        this.compare(memberPath(path, name), expected.get(name) as ExactJson, actual.get(name) as ExactJson)
      }
    } else if (!(
      expected instanceof ExactNumber &&
      actual instanceof ExactNumber &&
      expected.equals(actual)
    )) {
      this.differences.push({ path, expected: textOf(expected), actual: textOf(actual) })
    }
  }
}

const textOf = (value: ExactJson | undefined): string | undefined =>
  value === undefined ? undefined : exactJsonText(value)

/**
 * Differences of two JSON texts, the first `limit` (default 20); [] = equal. Numbers by exact value (1.0 = 1, no digit
 * lost), members of objects in any order, everything else as it is (05 A9a). Throws SyntaxError for what is no JSON.
 */
export const compareJson = (expected: string, actual: string, limit = 20): readonly JsonDifference[] => {
  if (expected === actual) return []
  const comparison = new Comparison(limit)
  comparison.compare('', parseExactJson(expected), parseExactJson(actual))
  return comparison.differences
}
