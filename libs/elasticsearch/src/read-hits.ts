import { JsonCursor } from '@headrace/wire'

/** One document as it stands in the index. */
export interface Hit {
  readonly key: string
  readonly version: bigint
  /** JSON text of the document, digit by digit as it was written. Undefined: there is no such document. */
  readonly source: string | undefined
  /** JSON texts of the sort values. */
  readonly sort: readonly string[]
  readonly score: number | undefined
  readonly highlight: Readonly<Record<string, readonly string[]>>
}

const rawValue = (cursor: JsonCursor): string => {
  cursor.skipSpace()
  const start = cursor.at
  cursor.skipValue()
  return cursor.text.slice(start, cursor.at)
}

/** The object at the cursor: raw texts of its members. */
export const rawMembers = (cursor: JsonCursor): ReadonlyMap<string, string> => {
  const members = new Map<string, string>()
  cursor.object(name => members.set(name, rawValue(cursor)))
  cursor.closeObject()
  return members
}

const rawElements = (text: string): readonly string[] => {
  const elements: string[] = []
  const cursor = new JsonCursor(text)
  cursor.array(() => elements.push(rawValue(cursor)))
  return elements
}

const parse = <T>(text: string | undefined): T | undefined =>
  text === undefined ? undefined : (JSON.parse(text) as T)

/** A hit of a search, or the answer to a GET. `verbatim` is the stored field that holds the text where `_source` lost digits. */
export const readHit = (text: string, verbatim: string): Hit => {
  const members = rawMembers(new JsonCursor(text))
  const stored = parse<Readonly<Record<string, readonly string[]>>>(members.get('fields'))?.[verbatim]?.[0]
  const score = parse<number | null>(members.get('_score'))
  return {
    key: parse<string>(members.get('_id')) ?? '',
    version: BigInt(members.get('_version') ?? 0),
    source: stored ?? members.get('_source'),
    sort: members.has('sort') ? rawElements(members.get('sort')!) : [],
    score: score ?? undefined,
    highlight: parse(members.get('highlight')) ?? {},
  }
}

export interface SearchAnswer {
  readonly hits: readonly Hit[]
  readonly total: number | undefined
  readonly tookMs: number
  readonly timedOut: boolean
  readonly aggregations: Readonly<Record<string, unknown>>
}

/** The answer to a search, documents left as they came. */
export const readSearchAnswer = (text: string, verbatim: string): SearchAnswer => {
  const answer = rawMembers(new JsonCursor(text))
  const hits = rawMembers(new JsonCursor(answer.get('hits') ?? '{}'))
  return {
    hits: rawElements(hits.get('hits') ?? '[]').map(hit => readHit(hit, verbatim)),
    total: parse<{ readonly value: number }>(hits.get('total'))?.value,
    tookMs: parse<number>(answer.get('took')) ?? 0,
    timedOut: parse<boolean>(answer.get('timed_out')) ?? false,
    aggregations: parse(answer.get('aggregations')) ?? {},
  }
}
