import { catalogue, type ErrorCode, HeadraceError } from '@headrace/errors'

interface Refused {
  readonly code?: string
  readonly message?: string
  readonly hint?: string
  readonly nearest?: readonly string[]
  readonly position?: { readonly line?: number; readonly column?: number }
}

const LANGUAGE = 'The language: headrace search --help, docs/search.md.'

/** The line of the query and a ^ under the character; columns count characters. */
const pointAt = (query: string, line: number, column: number): string => {
  const text = query.split('\n')[line - 1] ?? ''
  const before = [...text].slice(0, column - 1).map(char => (char === '\t' ? char : ' '))
  return `\n    ${text}\n    ${before.join('')}^`
}

/** The error of an answer that is none, for a person: where in the query, and the names that were probably meant. */
export const describeRefusal = (
  url: string,
  query: string,
  answer: { readonly status: number; readonly text: string },
  withPointer: boolean,
): HeadraceError => {
  let refused: Refused = {}
  try {
    refused = (JSON.parse(answer.text) as { error?: Refused }).error ?? {}
  } catch {
    // somebody else answers there
  }
  const { code, message, nearest = [], position } = refused
  if (code === undefined || message === undefined) {
    return new HeadraceError('search.refused', `no search service answers there (status ${answer.status})`, {
      where: url,
      hint: 'Give the address of the search service by --url (headrace dev prints it), or set HEADRACE_SEARCH_URL.',
    })
  }
  const names = nearest.length === 0 ? undefined : `Did you mean ${nearest.join(', ')}?`
  const isQuery = position?.column !== undefined
  const hints = [names, refused.hint, isQuery ? LANGUAGE : undefined].filter(each => each !== undefined)
  const { line = 1, column = 1 } = position ?? {}
  const place = isQuery ? ` at line ${line}, column ${column}` : ''
  const pointer = isQuery && withPointer ? pointAt(query, line, column) : ''
  // a service of another version may have codes that are not known here
  const known = Object.hasOwn(catalogue, code)
  const text = known ? message : `${message} [${code}]`
  return new HeadraceError(known ? (code as ErrorCode) : 'search.refused', `${text}${place}${pointer}`, {
    ...(isQuery ? {} : { where: url }),
    ...(hints.length === 0 ? {} : { hint: hints.join('\n  ') }),
  })
}
