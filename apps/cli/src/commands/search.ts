import type { Command } from 'commander'
import { HeadraceError } from '@headrace/errors'
import type { Context } from '../output.ts'

interface Options {
  readonly url?: string
  readonly size: string
}

interface Answer {
  readonly total: number
  readonly hits: readonly { readonly key: string; readonly document: Readonly<Record<string, unknown>> }[]
}

const TIMEOUT_MS = 30_000
const MAX_CELL = 40

const post = async (
  url: string,
  body: object,
): Promise<{ readonly status: number; readonly text: string }> => {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    return { status: response.status, text: await response.text() }
  } catch (error) {
    throw new HeadraceError('search.unreachable', 'the search service does not answer', {
      where: url,
      hint: 'Give --url http://host:port (headrace dev prints it), or set HEADRACE_SEARCH_URL.',
      cause: error,
    })
  }
}

interface Refused {
  readonly message?: string
  readonly hint?: string
  readonly nearest?: readonly string[]
  readonly position?: { readonly line?: number; readonly column?: number }
}

const refusal = (url: string, status: number, text: string): HeadraceError => {
  try {
    const { error = {} } = JSON.parse(text) as { error?: Refused }
    const { message = `status ${status}`, nearest = [], position } = error
    const place =
      position?.column === undefined ? '' : ` at line ${position.line ?? 1}, column ${position.column}`
    const hint = error.hint ?? (nearest.length === 0 ? undefined : `Did you mean ${nearest.join(', ')}?`)
    return new HeadraceError('search.refused', `${message}${place}`, {
      where: url,
      ...(hint === undefined ? {} : { hint }),
    })
  } catch {
    return new HeadraceError('search.refused', `the service answered with status ${status}`, { where: url })
  }
}

/** Numbers keep their digits: what is shown is what the index holds. */
const parseExact = (text: string): Answer =>
  JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' && String(value) !== context?.source ? (context?.source ?? value) : value,
  ) as Answer

const cell = (value: unknown): string => {
  const text =
    typeof value === 'string'
      ? value
      : Array.isArray(value)
        ? `[${value.length}]`
        : JSON.stringify(value ?? null)
  return text.length > MAX_CELL ? `${text.slice(0, MAX_CELL - 1)}…` : text
}

const show = ({ out }: Context, { total, hits }: Answer, tookMs: number): void => {
  const columns = Object.keys(hits[0]?.document ?? {})
  if (hits.length > 0)
    out.table(
      columns,
      hits.map(({ document }) => columns.map(column => cell(document[column]))),
    )
  out.line(
    `${hits.length === 0 ? '' : '\n'}${total} ${total === 1 ? 'hit' : 'hits'}${hits.length < total ? `, ${hits.length} shown` : ''} in ${tookMs.toFixed(0)} ms`,
  )
}

const run = async (context: Context, view: string, query: string, options: Options): Promise<void> => {
  const base = (options.url ?? context.config.searchUrl).replace(/\/+$/, '')
  const size = Number(options.size)
  if (!Number.isSafeInteger(size) || size < 1)
    throw new HeadraceError('usage.invalid', `--size takes a whole number from 1, not "${options.size}"`)
  const url = `${base}/v1/views/${encodeURIComponent(view)}/search`
  const began = performance.now()
  const { status, text } = await post(url, { query, size })
  if (status !== 200) throw refusal(url, status, text)
  if (context.out.json) context.out.raw(`${text.trim()}\n`)
  else show(context, parseExact(text), performance.now() - began)
}

/** `headrace search VIEW QUERY` */
export const addSearch = (program: Command, context: Context): void => {
  program
    .command('search')
    .description('ask the search API of a view')
    .argument('<view>', 'name of the view')
    .argument('<query>', `for example: width >= 300 and metadata.timeofday = "night"`)
    .option('--url <url>', 'address of the search service')
    .option('--size <n>', 'most hits to show', '20')
    .option('--json', "print the service's answer as it is")
    .action((view: string, query: string, options: Options) => run(context, view, query, options))
}
