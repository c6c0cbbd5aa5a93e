import type { CompareOperator, Expression, FieldPath, Place, PlacedLiteral } from './ast.ts'
import { QueryError } from './query-error.ts'
import { type Token, Tokens } from './tokens.ts'

const KEYWORDS = ['and', 'or', 'not', 'in', 'exists', 'between', 'is', 'true', 'false', 'null'] as const
type Keyword = (typeof KEYWORDS)[number]

const COMPARISONS: ReadonlySet<string> = new Set(['=', '!=', '<', '<=', '>', '>='])
const AFTER_A_PATH = '= != < <= > >= ^= ~ in between is [ or ('

export interface ParseLimits {
  /** Parentheses, brackets and `not` inside each other. */
  readonly depth: number
  /** Comparisons and the like. */
  readonly clauses: number
  readonly inValues: number
  /** Characters of a text query. */
  readonly length: number
}

export const DEFAULT_LIMITS: ParseLimits = { depth: 20, clauses: 200, inValues: 1_000, length: 50_000 }

const shown = (token: Token): string => (token.kind === 'end' ? 'the query ends' : `"${token.text}" stands`)

/** The grammar is written down in docs/search.md; this class follows it rule by rule. */
class Parser {
  readonly #tokens: readonly Token[]
  readonly #limits: ParseLimits
  #at = 0
  #depth = 0
  #clauses = 0

  constructor(text: string, limits: ParseLimits) {
    this.#tokens = new Tokens(text).all()
    this.#limits = limits
  }

  query(): Expression {
    const expression = this.#or()
    const rest = this.#peek()
    if (rest.kind !== 'end')
      this.#fail(`${shown(rest)} where the query should end or go on with and / or`, rest.place)
    return expression
  }

  #peek(): Token {
    return this.#tokens[this.#at]!
  }

  #take(): Token {
    const token = this.#peek()
    if (token.kind !== 'end') this.#at++
    return token
  }

  #fail(message: string, place: Place, hint?: string): never {
    throw new QueryError('query.syntax', message, { place, ...(hint === undefined ? {} : { hint }) })
  }

  #isKeyword(word: Keyword, token = this.#peek()): boolean {
    return token.kind === 'name' && token.text.toLowerCase() === word
  }

  #takeKeyword(word: Keyword): boolean {
    if (!this.#isKeyword(word)) return false
    this.#at++
    return true
  }

  #takeSymbol(symbol: string): boolean {
    const token = this.#peek()
    if (token.kind !== 'symbol' || token.text !== symbol) return false
    this.#at++
    return true
  }

  #expectSymbol(symbol: string, why: string): void {
    const token = this.#peek()
    if (!this.#takeSymbol(symbol)) this.#fail(`${shown(token)} where ${symbol} should ${why}`, token.place)
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > this.#limits.depth) {
      throw new QueryError('query.limit', `the query is nested deeper than ${this.#limits.depth}`, {
        place: this.#peek().place,
      })
    }
    const result = read()
    this.#depth--
    return result
  }

  #or(): Expression {
    const parts = [this.#and()]
    while (this.#takeKeyword('or')) parts.push(this.#and())
    return parts.length === 1 ? parts[0]! : { kind: 'or', parts }
  }

  #and(): Expression {
    const parts = [this.#not()]
    while (this.#takeKeyword('and')) parts.push(this.#not())
    return parts.length === 1 ? parts[0]! : { kind: 'and', parts }
  }

  #not(): Expression {
    if (this.#takeKeyword('not')) return { kind: 'not', part: this.#nested(() => this.#not()) }
    if (this.#takeSymbol('(')) {
      const inner = this.#nested(() => this.#or())
      this.#expectSymbol(')', 'close the group')
      return inner
    }
    return this.#clause()
  }

  #clause(): Expression {
    const token = this.#peek()
    if (++this.#clauses > this.#limits.clauses) {
      throw new QueryError('query.limit', `the query has more than ${this.#limits.clauses} comparisons`, {
        place: token.place,
      })
    }
    if (this.#takeKeyword('exists')) return { kind: 'exists', path: this.#path() }
    return this.#comparison(this.#path())
  }

  #path(): FieldPath {
    const first = this.#peek()
    if (first.kind === 'name' && KEYWORDS.some(word => this.#isKeyword(word))) {
      this.#fail(
        `${shown(first)} where a field should`,
        first.place,
        `A field of that name is written with quotes: "${first.text}".`,
      )
    }
    const names = [this.#pathName()]
    while (this.#takeSymbol('.')) names.push(this.#pathName())
    return { names, place: first.place }
  }

  #pathName(): string {
    const token = this.#take()
    if (token.kind === 'name' || token.kind === 'string') return token.text
    // a key such as 2024 of free-form JSON or of a count
    if (token.kind === 'number' && /^\d+$/.test(token.text)) return token.text
    return this.#fail(`${shown(token)} where a field should`, token.place)
  }

  #comparison(path: FieldPath): Expression {
    const token = this.#peek()
    if (token.kind === 'symbol') {
      if (COMPARISONS.has(token.text)) return this.#compare(path)
      if (this.#takeSymbol('^=')) return { kind: 'prefix', path, value: this.#literal() }
      if (this.#takeSymbol('~')) return { kind: 'match', path, value: this.#literal() }
      if (this.#takeSymbol('[')) {
        const part = this.#nested(() => this.#or())
        this.#expectSymbol(']', 'close the element')
        return { kind: 'any', path, part }
      }
    }
    if (this.#takeKeyword('in')) return { kind: 'in', path, values: this.#list() }
    if (this.#isKeyword('not') && this.#isKeyword('in', this.#tokens[this.#at + 1])) {
      this.#at += 2
      return { kind: 'not', part: { kind: 'in', path, values: this.#list() } }
    }
    if (this.#takeKeyword('between')) return this.#between(path)
    if (this.#takeKeyword('is')) return this.#isNull(path)
    return this.#fail(
      `${shown(token)} where a comparison should follow the field`,
      token.place,
      `After a field: ${AFTER_A_PATH}.`,
    )
  }

  #compare(path: FieldPath): Expression {
    const operator = this.#take().text as CompareOperator
    const next = this.#peek()
    if (next.kind === 'symbol' && (next.text === '=' || next.text === '>')) {
      this.#fail(
        `"${operator}${next.text}" is no comparison`,
        next.place,
        operator === '=' ? 'Equality is one `=`.' : 'Inequality is `!=`.',
      )
    }
    return { kind: 'compare', path, operator, value: this.#literal() }
  }

  #between(path: FieldPath): Expression {
    const low = this.#literal()
    const token = this.#peek()
    if (!this.#takeKeyword('and'))
      this.#fail(`${shown(token)} where \`and\` should stand between the two bounds`, token.place)
    const high = this.#literal()
    return {
      kind: 'and',
      parts: [
        { kind: 'compare', path, operator: '>=', value: low },
        { kind: 'compare', path, operator: '<=', value: high },
      ],
    }
  }

  #isNull(path: FieldPath): Expression {
    const negated = this.#takeKeyword('not')
    const token = this.#peek()
    if (!this.#takeKeyword('null'))
      this.#fail(`${shown(token)} where \`null\` should follow \`is\``, token.place)
    const exists: Expression = { kind: 'exists', path }
    return negated ? exists : { kind: 'not', part: exists }
  }

  #list(): readonly PlacedLiteral[] {
    this.#expectSymbol('(', 'begin the values')
    const values = [this.#literal()]
    while (this.#takeSymbol(',')) values.push(this.#literal())
    this.#expectSymbol(')', 'close the values')
    const over = values[this.#limits.inValues]
    if (over !== undefined) {
      throw new QueryError('query.limit', `\`in\` takes at most ${this.#limits.inValues} values`, {
        place: over.place,
      })
    }
    return values
  }

  #literal(): PlacedLiteral {
    const token = this.#take()
    const { place } = token
    if (token.kind === 'string') return { type: 'string', value: token.text, place }
    if (token.kind === 'number') return { type: 'number', text: token.text.replace(/^\+/, ''), place }
    if (this.#isKeyword('true', token)) return { type: 'boolean', value: true, place }
    if (this.#isKeyword('false', token)) return { type: 'boolean', value: false, place }
    if (this.#isKeyword('null', token)) return { type: 'null', place }
    const hint = token.kind === 'name' ? `A text is written with quotes: "${token.text}".` : undefined
    return this.#fail(`${shown(token)} where a value should`, place, hint)
  }
}

/** Text query -> expression. Throws QueryError `query.syntax` or `query.limit` with line and column. */
export const parseQuery = (text: string, limits: ParseLimits = DEFAULT_LIMITS): Expression => {
  if (text.length > limits.length)
    throw new QueryError('query.limit', `the query is longer than ${limits.length} characters`)
  return new Parser(text, limits).query()
}
