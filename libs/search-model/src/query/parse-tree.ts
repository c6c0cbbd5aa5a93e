import type { CompareOperator, Expression, FieldPath, PlacedLiteral } from './ast.ts'
import { DEFAULT_LIMITS, type ParseLimits } from './parse-query.ts'
import { QueryError } from './query-error.ts'

const COMPARISONS: readonly string[] = ['=', '!=', '<', '<=', '>', '>=']
const OPERATORS = [...COMPARISONS, '^=', '~', 'in', 'not in', 'exists', 'any'] as const

type Members = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

class TreeReader {
  readonly #limits: ParseLimits
  #clauses = 0

  constructor(limits: ParseLimits) {
    this.#limits = limits
  }

  read(value: unknown, at: string, depth = 0): Expression {
    if (depth > this.#limits.depth)
      throw new QueryError('query.limit', `the filter is nested deeper than ${this.#limits.depth}`, {
        place: { path: at },
      })
    if (!isObject(value)) return this.#fail('a filter is an object', at)
    if ('and' in value || 'or' in value) return this.#join(value, 'and' in value ? 'and' : 'or', at, depth)
    if ('not' in value) {
      this.#only(value, ['not'], at)
      return { kind: 'not', part: this.read(value['not'], `${at}.not`, depth + 1) }
    }
    if (++this.#clauses > this.#limits.clauses) {
      throw new QueryError('query.limit', `the filter has more than ${this.#limits.clauses} comparisons`, {
        place: { path: at },
      })
    }
    return this.#clause(value, at, depth)
  }

  #fail(message: string, path: string): never {
    throw new QueryError('query.syntax', message, {
      place: { path },
      hint: 'A filter is {"and": [...]}, {"or": [...]}, {"not": {...}} or {"path": "a.b", "op": "=", "value": 1}.',
    })
  }

  #only(value: Members, allowed: readonly string[], at: string): void {
    const other = Object.keys(value).find(name => !allowed.includes(name))
    if (other !== undefined)
      this.#fail(
        `"${other}" has no meaning beside ${allowed.map(name => `"${name}"`).join(', ')}`,
        `${at}.${other}`,
      )
  }

  #join(value: Members, kind: 'and' | 'or', at: string, depth: number): Expression {
    this.#only(value, [kind], at)
    const parts = value[kind]
    if (!Array.isArray(parts) || parts.length === 0)
      return this.#fail(`"${kind}" takes a list of filters`, `${at}.${kind}`)
    return { kind, parts: parts.map((part, i) => this.read(part, `${at}.${kind}[${i}]`, depth + 1)) }
  }

  #clause(value: Members, at: string, depth: number): Expression {
    const path = this.#path(value['path'], `${at}.path`)
    const op = value['op'] ?? '='
    if (op === 'exists') {
      this.#only(value, ['path', 'op'], at)
      return { kind: 'exists', path }
    }
    if (op === 'any') {
      this.#only(value, ['path', 'op', 'filter'], at)
      return { kind: 'any', path, part: this.read(value['filter'], `${at}.filter`, depth + 1) }
    }
    if (op === 'in' || op === 'not in') {
      this.#only(value, ['path', 'op', 'values'], at)
      const found: Expression = { kind: 'in', path, values: this.#values(value['values'], `${at}.values`) }
      return op === 'in' ? found : { kind: 'not', part: found }
    }
    this.#only(value, ['path', 'op', 'value'], at)
    const literal = this.#literal(value['value'], `${at}.value`)
    if (op === '^=') return { kind: 'prefix', path, value: literal }
    if (op === '~') return { kind: 'match', path, value: literal }
    if (typeof op === 'string' && COMPARISONS.includes(op))
      return { kind: 'compare', path, operator: op as CompareOperator, value: literal }
    return this.#fail(`${JSON.stringify(op)} is no operator; there are ${OPERATORS.join(' ')}`, `${at}.op`)
  }

  /** `a.b` or, for names with points, `["a", "b"]`. */
  #path(value: unknown, at: string): FieldPath {
    if (typeof value === 'string' && value !== '') return { names: value.split('.'), place: { path: at } }
    if (Array.isArray(value) && value.length > 0 && value.every(name => typeof name === 'string'))
      return { names: value, place: { path: at } }
    return this.#fail('"path" is a text such as "a.b" or a list of names', at)
  }

  #values(value: unknown, at: string): readonly PlacedLiteral[] {
    if (!Array.isArray(value) || value.length === 0)
      return this.#fail('"values" is a list that is not empty', at)
    if (value.length > this.#limits.inValues) {
      throw new QueryError('query.limit', `"values" takes at most ${this.#limits.inValues}`, {
        place: { path: at },
      })
    }
    return value.map((item, i) => this.#literal(item, `${at}[${i}]`))
  }

  #literal(value: unknown, path: string): PlacedLiteral {
    const place = { path }
    if (value === null) return { type: 'null', place }
    if (typeof value === 'string') return { type: 'string', value, place }
    if (typeof value === 'boolean') return { type: 'boolean', value, place }
    if (typeof value === 'number') {
      if (!Number.isSafeInteger(value) && Number.isInteger(value)) {
        return this.#fail(
          'this whole number is beyond what JSON keeps exactly; write {"number": "digits"}',
          path,
        )
      }
      return { type: 'number', text: String(value), place }
    }
    if (
      isObject(value) &&
      typeof value['number'] === 'string' &&
      /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value['number'])
    ) {
      return { type: 'number', text: value['number'], place }
    }
    return this.#fail('"value" is a text, a number, true, false, null or {"number": "digits"}', path)
  }
}

/** Filter tree (JSON) -> expression. Throws QueryError with the path inside the tree. */
export const parseTree = (tree: unknown, limits: ParseLimits = DEFAULT_LIMITS): Expression =>
  new TreeReader(limits).read(tree, 'filter')
