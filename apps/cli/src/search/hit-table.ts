interface Answer {
  readonly total: number | null
  readonly hits: readonly { readonly document: Readonly<Record<string, unknown>> }[]
}

const MAX_CELL = 40

/** Not in the types of the language yet. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): object }

/** Numbers keep their digits: what is shown is what the index holds. */
const parseExact = (text: string): Answer =>
  JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' && context?.source !== undefined ? rawJSON(context.source) : value,
  ) as Answer

const cell = (value: unknown): string => {
  const text =
    typeof value === 'string'
      ? value.replaceAll(/[\n\r\t]+/g, ' ')
      : Array.isArray(value)
        ? `[${value.length}]`
        : JSON.stringify(value ?? null)
  return text.length > MAX_CELL ? `${text.slice(0, MAX_CELL - 1)}…` : text
}

export interface HitTable {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
  readonly total: number | null
}

/** The hits of an answer as a table: every member that one of the documents has is a column. Lists are told by their length. */
export const hitTable = (text: string): HitTable => {
  const { hits } = parseExact(text)
  const columns = [...new Set(hits.flatMap(({ document }) => Object.keys(document)))]
  const rows = hits.map(({ document }) =>
    columns.map(column => (Object.hasOwn(document, column) ? cell(document[column]) : '')),
  )
  return { columns, rows, total: (JSON.parse(text) as Answer).total }
}
