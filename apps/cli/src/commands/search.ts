import type { Command } from 'commander'
import { HeadraceError } from '@headrace/errors'
import type { Context } from '../output.ts'
import { describeRefusal } from '../search/describe-refusal.ts'
import { hitTable } from '../search/hit-table.ts'

interface Options {
  readonly url?: string
  readonly size: string
}

const EXAMPLES = `
Examples:
  headrace search image_enriched 'width >= 300 and metadata.timeofday = "night"'
  headrace search image_enriched 'annotations[class = "car" and metadata.occluded = true]' --size 5
  headrace search customer 'email ^= "anna" and not exists deleted_at' --json

A path is a field of the document; texts stand in quotes. = != < <= > >= in, not in, between, ^= (begins with), ~ (words),
exists, is null, list[ ... ] (one element meets all of it), not, and, or, ( ). docs/search.md has all of it.`

const TIMEOUT_MS = 30_000

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

const show = ({ out }: Context, text: string, tookMs: number): void => {
  const { columns, rows, total } = hitTable(text)
  if (rows.length > 0) {
    out.table(columns, rows)
    out.line()
  }
  const all = total ?? rows.length
  const shown = rows.length < all ? `, ${rows.length} shown` : ''
  out.line(`${all.toLocaleString('en')} ${all === 1 ? 'hit' : 'hits'}${shown} in ${tookMs.toFixed(0)} ms`)
}

/** `host:port` is as good as `http://host:port`. */
const baseOf = (address: string): string => {
  const url = address.includes('://') ? address : `http://${address}`
  if (URL.canParse(url) && /^https?:/.test(url)) return url.replace(/\/+$/, '')
  throw new HeadraceError('usage.invalid', `"${address}" is no address of a search service`, {
    hint: 'Give --url http://host:port (headrace dev prints it), or set HEADRACE_SEARCH_URL.',
  })
}

const run = async (context: Context, view: string, query: string, options: Options): Promise<void> => {
  const base = baseOf(options.url ?? context.config.searchUrl)
  const size = Number(options.size)
  if (!Number.isSafeInteger(size) || size < 1)
    throw new HeadraceError('usage.invalid', `--size takes a whole number from 1, not "${options.size}"`)
  const url = `${base}/v1/views/${encodeURIComponent(view)}/search`
  const began = performance.now()
  const { status, text } = await post(url, { ...(query.trim() === '' ? {} : { query }), size })
  if (status !== 200 || !text.startsWith('{"hits"'))
    throw describeRefusal(url, query, { status, text }, !context.out.json)
  if (context.out.json) context.out.raw(`${text.trim()}\n`)
  else show(context, text, performance.now() - began)
}

/** `headrace search VIEW QUERY` */
export const addSearch = (program: Command, context: Context): void => {
  program
    .command('search')
    .description('ask the search API of a view')
    .argument('<view>', 'name of the view')
    .argument(
      '[query]',
      `for example: width >= 300 and metadata.timeofday = "night"; without it any documents`,
      '',
    )
    .option('--url <url>', 'address of the search service, http://host:port or host:port')
    .option('--size <n>', 'most hits to show', '20')
    .option('--json', "print the service's answer as it is")
    .addHelpText('after', EXAMPLES)
    .action((view: string, query: string, options: Options) => run(context, view, query, options))
}
