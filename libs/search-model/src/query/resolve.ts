import type { DocumentShape, ShapeField } from '../document-shape.ts'
import { ROOT_KEY } from '../index-body/leaf-code.ts'
import { joinPath, sidePath } from '../mapping/index-names.ts'
import type { CompareOperator, Expression, FieldPath, Place } from './ast.ts'
import { nearestNames } from './nearest-names.ts'
import { QueryError } from './query-error.ts'
import { type TypedValue, typedValue } from './typed-value.ts'
import type { ColumnType } from '@headrace/wire'

/** A field of a view, as a query means it. `path`: names in the document from the scope on; `index`: full path in the index. */
export type ResolvedField =
  | {
      readonly kind: 'value'
      readonly path: readonly string[]
      readonly index: string
      readonly type: ColumnType
      readonly text: boolean
    }
  /** `key` names a leaf in the side field, `keys` the way to it. */
  | {
      readonly kind: 'json'
      readonly path: readonly string[]
      readonly index: string
      readonly key: string
      readonly keys: readonly string[]
    }
  | { readonly kind: 'count'; readonly path: readonly string[]; readonly index: string; readonly key: string }
  | { readonly kind: 'counts'; readonly path: readonly string[]; readonly index: string }
  | {
      readonly kind: 'object'
      readonly path: readonly string[]
      readonly index: string
      readonly parts: readonly Resolved[]
      readonly isList: boolean
    }

/** Lucene walks along such texts byte by byte, at most 1,000 steps; the path of a JSON value is among them. */
const LONGEST_ORDERED = 900

const checkLength = (text: string, place: Place): void => {
  if (Buffer.byteLength(text) <= LONGEST_ORDERED) return
  throw new QueryError('query.limit', `<, <=, >, >= and ^= take texts of at most ${LONGEST_ORDERED} bytes`, {
    place,
  })
}

export type FieldTest =
  | { readonly kind: 'compare'; readonly operator: CompareOperator; readonly value: TypedValue }
  | { readonly kind: 'in'; readonly values: readonly TypedValue[] }
  | { readonly kind: 'exists' }
  | { readonly kind: 'prefix'; readonly text: string }
  | { readonly kind: 'match'; readonly text: string }

/** A filter that was checked against a view: every field is known and every value has its field's type. */
export type Resolved =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Resolved[] }
  | { readonly kind: 'not'; readonly part: Resolved }
  /** Some element of the list (`index`: nested path) meets `part`; no `part`: there is an element. */
  | {
      readonly kind: 'any'
      readonly path: readonly string[]
      readonly index: string
      readonly part?: Resolved
    }
  | { readonly kind: 'test'; readonly field: ResolvedField; readonly test: FieldTest }

/** Where paths begin: the document, or an element of a list. */
interface Scope {
  readonly index: string
  readonly fields: readonly ShapeField[]
}

type Found =
  | { readonly kind: 'field'; readonly field: ResolvedField; readonly shape: ShapeField }
  | {
      readonly kind: 'list'
      readonly path: readonly string[]
      readonly index: string
      readonly fields: readonly ShapeField[]
      readonly rest: readonly string[]
    }

const namesOf = (fields: readonly ShapeField[], prefix = ''): string[] =>
  fields.flatMap(field => {
    const path = joinPath(prefix, field.name)
    return field.kind === 'object' || field.kind === 'list' ? [path, ...namesOf(field.fields, path)] : [path]
  })

const unknownField = (scope: Scope, path: FieldPath, root: Scope): never => {
  const written = path.names.join('.')
  const inside = scope.index === '' ? 'the view' : `an element of ${scope.index}`
  const atRoot = scope.index !== '' && namesOf(root.fields).includes(written)
  throw new QueryError('query.unknown_field', `${inside} has no field ${written}`, {
    place: path.place,
    nearest: nearestNames(written, namesOf(scope.fields)),
    ...(atRoot
      ? { hint: 'Paths inside [ ] begin at the element; the document has a field of that name.' }
      : {}),
  })
}

/** What can be asked instead of something that has no value. */
const valuesOf = (name: string, field: ResolvedField): string => {
  if (field.kind === 'counts') return `Name what is counted: ${name}.car > 0.`
  if (field.kind === 'object' && field.isList)
    return `Ask for an element by ${name}[...], for any by \`exists ${name}\`; how many there are is an aggregate (count) of the view.`
  return `Name one of its fields: ${name}.name = "...".`
}

/** A count that no document can have is a mistake, as a comparison with such a value is. */
const unknownKey = (path: FieldPath, key: string, labels: readonly string[]): never => {
  const counts = path.names.join('.').slice(0, -key.length - 1)
  throw new QueryError(
    'query.unknown_field',
    `${counts} never counts ${JSON.stringify(key)}; it counts ${labels.slice(0, 20).join(', ')}`,
    { place: path.place, nearest: nearestNames(key, labels).map(label => `${counts}.${label}`) },
  )
}

class Resolver {
  readonly #root: Scope

  constructor(shape: DocumentShape) {
    this.#root = { index: '', fields: shape.fields }
  }

  resolve(expression: Expression, scope = this.#root): Resolved {
    switch (expression.kind) {
      case 'and':
      case 'or':
        return { kind: expression.kind, parts: expression.parts.map(part => this.resolve(part, scope)) }
      case 'not':
        return { kind: 'not', part: this.resolve(expression.part, scope) }
      case 'any':
        return this.#any(expression, scope)
      case 'compare':
        if (expression.value.type === 'null') return this.#isNull(expression, scope)
        return this.#at(expression.path, scope, field => ({
          kind: 'compare',
          operator: expression.operator,
          value: this.#comparable(expression, field),
        }))
      case 'in':
        return this.#at(expression.path, scope, field => ({
          kind: 'in',
          values: expression.values.map(value => this.#typed(expression.path, field, value)),
        }))
      case 'exists':
        return this.#at(expression.path, scope, () => ({ kind: 'exists' }))
      case 'prefix':
      case 'match':
        return this.#at(expression.path, scope, field => ({
          kind: expression.kind,
          text: this.#textOf(expression, field),
        }))
    }
  }

  #isNull({ operator, path, value }: Extract<Expression, { kind: 'compare' }>, scope: Scope): Resolved {
    if (operator !== '=' && operator !== '!=')
      throw new QueryError('query.type', `null has no order: ${operator} null is never true`, {
        place: value.place,
      })
    const exists = this.resolve({ kind: 'exists', path }, scope)
    return operator === '!=' ? exists : { kind: 'not', part: exists }
  }

  #any({ path, part }: Extract<Expression, { kind: 'any' }>, scope: Scope): Resolved {
    const found = this.#find(path, path.names, scope)
    if (found.kind === 'list' && found.rest.length > 0) {
      // a list inside of a list: some element of the outer one has an element that meets it
      const inner = this.#any({ kind: 'any', path: { ...path, names: found.rest }, part }, found)
      return { kind: 'any', path: found.path, index: found.index, part: inner }
    }
    if (found.kind !== 'list') {
      throw new QueryError(
        'query.type',
        `${joinPath(scope.index, path.names.join('.'))} is no list, so it has no elements to put a condition on`,
        { place: path.place },
      )
    }
    return { kind: 'any', path: found.path, index: found.index, part: this.resolve(part, found) }
  }

  /** A test at a path; a path that leads through a list means some element of it. */
  #at(
    path: FieldPath,
    scope: Scope,
    test: (field: ResolvedField) => FieldTest,
    names = path.names,
  ): Resolved {
    const found = this.#find(path, names, scope)
    if (found.kind === 'field') return { kind: 'test', field: found.field, test: test(found.field) }
    if (found.rest.length > 0) {
      return {
        kind: 'any',
        path: found.path,
        index: found.index,
        part: this.#at({ ...path, names: found.rest }, found, test),
      }
    }
    // only `exists` can be asked of a list itself: every other test refuses a field without a value
    test({ kind: 'object', path: found.path, index: found.index, parts: [], isList: true })
    return { kind: 'any', path: found.path, index: found.index }
  }

  #find(path: FieldPath, names: readonly string[], scope: Scope): Found {
    let { fields } = scope
    const walked: string[] = []
    for (const [i, name] of names.entries()) {
      const shape = fields.find(field => field.name === name)
      if (shape === undefined) return unknownField(scope, path, this.#root)
      walked.push(name)
      const rest = names.slice(i + 1)
      const inScope = walked.join('.')
      const index = joinPath(scope.index, inScope)
      if (shape.kind === 'list') return { kind: 'list', path: walked, index, fields: shape.fields, rest }
      if (shape.kind === 'object' && rest.length > 0) {
        fields = shape.fields
        continue
      }
      return { kind: 'field', shape, field: this.#field(shape, walked, rest, scope, path) }
    }
    return unknownField(scope, path, this.#root)
  }

  #field(
    shape: ShapeField,
    walked: readonly string[],
    rest: readonly string[],
    scope: Scope,
    path: FieldPath,
  ): ResolvedField {
    const index = joinPath(scope.index, walked.join('.'))
    const side = sidePath(scope.index, walked.join('.'))
    if (shape.kind === 'counts') {
      if (rest.length === 0) return { kind: 'counts', path: walked, index: side }
      const key = rest.join('.')
      if (shape.labels?.includes(key) === false) return unknownKey(path, key, shape.labels)
      return { kind: 'count', path: walked, index: side, key }
    }
    if (shape.kind === 'value' && shape.type.kind === 'json') {
      return {
        kind: 'json',
        path: walked,
        index: side,
        key: rest.length === 0 ? ROOT_KEY : rest.join('.'),
        keys: rest,
      }
    }
    if (rest.length > 0) return unknownField(scope, path, this.#root)
    if (shape.kind === 'value')
      return { kind: 'value', path: walked, index, type: shape.type, text: shape.text }
    const parts = shape.kind === 'object' || shape.kind === 'list' ? shape.fields : []
    return {
      kind: 'object',
      path: walked,
      index,
      parts: parts.map(part =>
        this.#at({ names: [...walked, part.name], place: path.place }, scope, () => ({ kind: 'exists' })),
      ),
      isList: false,
    }
  }

  #comparable(
    { path, operator, value }: Extract<Expression, { kind: 'compare' }>,
    field: ResolvedField,
  ): TypedValue {
    const typed = this.#typed(path, field, value)
    const hasOrder = typed.type !== 'boolean' && !(field.kind === 'value' && field.type.kind === 'bytes')
    if (!hasOrder && operator !== '=' && operator !== '!=') {
      throw new QueryError('query.type', `${path.names.join('.')} takes only = and != with this value`, {
        place: value.place,
      })
    }
    if (operator !== '=' && operator !== '!=' && typed.type === 'text') checkLength(typed.value, value.place)
    return typed
  }

  #typed(path: FieldPath, field: ResolvedField, value: Parameters<typeof typedValue>[2]): TypedValue {
    const name = path.names.join('.')
    if (field.kind === 'value') return typedValue(name, field.type, value)
    if (field.kind === 'json') return typedValue(name, { kind: 'json', dimensions: 0 }, value)
    if (field.kind === 'count') return typedValue(name, { kind: 'int64', dimensions: 0 }, value)
    const what = field.kind === 'object' && field.isList ? 'is a list' : 'holds fields'
    throw new QueryError('query.type', `${name} ${what}, it has no value of its own`, {
      place: path.place,
      hint: valuesOf(name, field),
    })
  }

  #textOf(expression: Extract<Expression, { kind: 'prefix' | 'match' }>, field: ResolvedField): string {
    const name = expression.path.names.join('.')
    if (expression.value.type !== 'string') {
      throw new QueryError('query.type', `${expression.kind === 'prefix' ? '^=' : '~'} takes a text`, {
        place: expression.value.place,
      })
    }
    const isText =
      field.kind === 'json' ||
      (field.kind === 'value' && ['text', 'uuid', 'bytes', 'time'].includes(field.type.kind))
    if (expression.kind === 'prefix' && !isText)
      throw new QueryError('query.type', `${name} is no text, so nothing begins it`, {
        place: expression.path.place,
      })
    if (expression.kind === 'match' && !(field.kind === 'value' && field.text)) {
      throw new QueryError('query.type', `${name} is not analysed for full text`, {
        place: expression.path.place,
        hint: 'A view lists such fields under `text`.',
      })
    }
    if (expression.kind === 'prefix') checkLength(expression.value.value, expression.value.place)
    return expression.value.value
  }
}

/** Checks an expression against a view's fields. Throws QueryError `query.unknown_field` or `query.type`. */
export const resolveExpression = (shape: DocumentShape, expression: Expression): Resolved =>
  new Resolver(shape).resolve(expression)

/** The field at a path of the document itself (for sorting, facets). */
export const fieldNames = (shape: DocumentShape): readonly string[] => namesOf(shape.fields)
