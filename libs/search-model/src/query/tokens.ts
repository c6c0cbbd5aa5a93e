import type { Place } from './ast.ts'
import { QueryError } from './query-error.ts'

export type Token =
  | { readonly kind: 'name'; readonly text: string; readonly place: Place; readonly end: number }
  | { readonly kind: 'string'; readonly text: string; readonly place: Place; readonly end: number }
  | { readonly kind: 'number'; readonly text: string; readonly place: Place; readonly end: number }
  | { readonly kind: 'symbol'; readonly text: string; readonly place: Place; readonly end: number }
  | { readonly kind: 'end'; readonly text: string; readonly place: Place; readonly end: number }

const NAME = /[\p{L}_][\p{L}\p{N}_-]*/uy
const NUMBER = /[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const SYMBOL = /!=|<=|>=|\^=|[=<>~()[\],.]/y
const SPACE = /\s+/y

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '"': '"',
  "'": "'",
  '\\': '\\',
  '/': '/',
}

/** What people write who know other languages. */
const HABITS: Readonly<Record<string, string>> = {
  '&': 'Write `and`.',
  '|': 'Write `or`.',
  '!': 'Write `not`, or `!=` between a path and a value.',
  '%': 'There are no patterns; a beginning is asked for by `path ^= "abc"`.',
  ':': 'Compare with `=`.',
  '{': 'Groups stand in ( ), one element of a list in [ ].',
  ';': 'A query is one expression; join parts with `and`.',
}

/** Cuts a text query. Lines and columns count from 1, columns in characters. */
export class Tokens {
  readonly #text: string
  #at = 0
  #line = 1
  #column = 1
  /** The place is known up to here. */
  #placed = 0

  constructor(text: string) {
    this.#text = text
  }

  all(): Token[] {
    const tokens: Token[] = []
    for (;;) {
      const token = this.#next()
      tokens.push(token)
      if (token.kind === 'end') return tokens
    }
  }

  #place(): Place {
    for (const char of this.#text.slice(this.#placed, this.#at)) {
      this.#column++
      if (char !== '\n') continue
      this.#line++
      this.#column = 1
    }
    this.#placed = this.#at
    return { line: this.#line, column: this.#column }
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    return pattern.exec(this.#text)?.[0]
  }

  #skipSpace(): void {
    this.#at += this.#match(SPACE)?.length ?? 0
  }

  #next(): Token {
    this.#skipSpace()
    const place = this.#place()
    const first = this.#text[this.#at]
    if (first === undefined) return { kind: 'end', text: 'the end', place, end: this.#at }
    if (first === '"' || first === "'") return this.#string(first, place)
    for (const [kind, pattern] of [
      ['name', NAME],
      ['number', NUMBER],
      ['symbol', SYMBOL],
    ] as const) {
      const text = this.#match(pattern)
      if (text === undefined) continue
      this.#at += text.length
      return { kind, text, place, end: this.#at }
    }
    const hint = HABITS[first]
    throw new QueryError('query.syntax', `"${first}" has no meaning here`, {
      place,
      ...(hint === undefined ? {} : { hint }),
    })
  }

  #string(quote: string, place: Place): Token {
    let text = ''
    for (let at = this.#at + 1; at < this.#text.length; at++) {
      const char = this.#text[at]!
      if (char === quote) {
        this.#at = at + 1
        return { kind: 'string', text, place, end: this.#at }
      }
      if (char === '\n') break
      if (char === '\\') {
        at++
        text += this.#escape(at, place)
        if (this.#text[at] === 'u') at += 4
      } else text += char
    }
    throw new QueryError('query.syntax', `the text that begins here has no closing ${quote}`, { place })
  }

  #escape(at: number, place: Place): string {
    const char = this.#text[at] ?? ''
    if (char === 'u' && /^[\da-fA-F]{4}$/.test(this.#text.slice(at + 1, at + 5))) {
      return String.fromCharCode(Number.parseInt(this.#text.slice(at + 1, at + 5), 16))
    }
    const known = ESCAPES[char]
    if (known === undefined) {
      throw new QueryError('query.syntax', `\\${char} is no escape in a text`, {
        place,
        hint: 'Known are \\" \\\' \\\\ \\/ \\n \\r \\t and \\uXXXX.',
      })
    }
    return known
  }
}
