import type { DocumentShape, ShapeField } from '../document-shape.ts'
import { SIDE } from '../mapping/index-names.ts'
import { JsonCursor } from '@headrace/wire'
import { readLeaves } from './json-leaves.ts'
import { withoutRepeatedMembers } from './repeated-members.ts'
import { survivesFiltering } from './survives.ts'

/** One document as it goes into the index. Texts are JSON. */
export interface IndexInput {
  readonly key: string
  readonly source: string
  /** `{"path": [...]}` of fields that are only indexed (countBy), as the aggregator made them; '' when there are none. */
  readonly side: string
}

/** What has to be looked at in an object; what is not in it is skipped. */
type Plan = ReadonlyMap<string, FieldPlan>
type FieldPlan =
  | { readonly kind: 'json' }
  | { readonly kind: 'number' }
  | { readonly kind: 'object'; readonly plan: Plan }
  | { readonly kind: 'list'; readonly plan: Plan }

/** Types whose texts have a point or an exponent. */
const FRACTIONS: ReadonlySet<string> = new Set(['decimal', 'float32', 'float64'])

const planOf = (fields: readonly ShapeField[]): Plan => {
  const plan = new Map<string, FieldPlan>()
  for (const field of fields) {
    if (field.kind === 'value' && field.type.kind === 'json') plan.set(field.name, { kind: 'json' })
    if (field.kind === 'value' && FRACTIONS.has(field.type.kind)) plan.set(field.name, { kind: 'number' })
    if (field.kind === 'object' || field.kind === 'list') {
      const inner = planOf(field.fields)
      if (inner.size > 0) plan.set(field.name, { kind: field.kind, plan: inner })
    }
  }
  return plan
}

/** The walk over one document: pieces of its text with side fields put in where list elements end. */
class BodyWriter {
  readonly #cursor: JsonCursor
  #out = ''
  #copied = 0
  survives = true

  constructor(text: string) {
    this.#cursor = new JsonCursor(text)
  }

  /** Up to the closing brace of the document, and the side fields of the document itself. */
  walk(plan: Plan): { readonly head: string; readonly side: readonly string[] } {
    const side: string[] = []
    this.#object(plan, '', side)
    return { head: this.#out + this.#cursor.text.slice(this.#copied, this.#cursor.at), side }
  }

  #object(plan: Plan, path: string, side: string[]): void {
    this.#cursor.object(name => {
      const field = plan.get(name)
      if (field === undefined || this.#cursor.peek() === 0x6e) this.#cursor.skipValue()
      else this.#field(field, path === '' ? name : `${path}.${name}`, side)
    })
  }

  #field(field: FieldPlan, path: string, side: string[]): void {
    switch (field.kind) {
      case 'json':
        return this.#json(path, side)
      case 'number':
        return this.#number()
      case 'object':
        this.#object(field.plan, path, side)
        return this.#cursor.closeObject()
      case 'list':
        return this.#cursor.array(() => this.#element(field.plan))
    }
  }

  #json(path: string, side: string[]): void {
    this.#cursor.skipSpace()
    const start = this.#cursor.at
    let leaves = readLeaves(this.#cursor)
    if (!leaves.survives) this.survives = false
    if (leaves.repeats) leaves = readLeaves(new JsonCursor(this.#rewrite(start)))
    if (leaves.codes.size === 0) return
    const members = [...leaves.codes].map(
      ([key, codes]) => `${JSON.stringify(key)}:${JSON.stringify([...codes])}`,
    )
    side.push(`${JSON.stringify(path)}:{${members.join(',')}}`)
  }

  /** Puts what Elasticsearch takes in the place of the JSON value that was just read. */
  #rewrite(start: number): string {
    const { text, at } = this.#cursor
    const value = withoutRepeatedMembers(new JsonCursor(text.slice(start, at)))
    this.#out += text.slice(this.#copied, start) + value
    this.#copied = at
    this.survives = false
    return value
  }

  /** A number, "NaN" or an array of them. */
  #number(): void {
    const code = this.#cursor.peek()
    if (code === 0x5b) this.#cursor.array(() => this.#number())
    else if (code === 0x22) this.#cursor.skipValue()
    else if (!survivesFiltering(this.#cursor.word())) this.survives = false
  }

  #element(plan: Plan): void {
    if (this.#cursor.peek() !== 0x7b) return this.#cursor.skipValue()
    const side: string[] = []
    this.#object(plan, '', side)
    if (side.length > 0) {
      // an element with a side field has members, so a comma is right
      this.#out += `${this.#cursor.text.slice(this.#copied, this.#cursor.at)},"${SIDE}":{${side.join(',')}}`
      this.#copied = this.#cursor.at
    }
    this.#cursor.closeObject()
  }
}

const inside = (object: string): string =>
  object.slice(object.indexOf('{') + 1, object.lastIndexOf('}')).trim()

/**
 * Compiles what turns documents of a shape into the JSON text that is indexed (06 E7): the document as it is, with `_x` put in:
 * the aggregator's side fields, the typed leaves of free-form JSON (E13), the key, and the whole text where `_source` would
 * not keep it. Nothing of the document itself is written anew, but for JSON with two members of one name.
 */
export const compileIndexBody = (shape: DocumentShape): ((input: IndexInput) => string) => {
  const plan = planOf(shape.fields)
  return ({ key, source, side }) => {
    const parts = [`"key":${JSON.stringify(key)}`]
    const given = side === '' ? '' : inside(side)
    if (given !== '') parts.push(given)
    let head = source.slice(0, source.lastIndexOf('}'))
    if (plan.size > 0) {
      const writer = new BodyWriter(source)
      const walked = writer.walk(plan)
      head = walked.head
      parts.push(...walked.side)
      if (!writer.survives) parts.push(`"verbatim":${JSON.stringify(source)}`)
    }
    const comma = head.trimEnd().endsWith('{') ? '' : ','
    return `${head}${comma}"${SIDE}":{${parts.join(',')}}}`
  }
}

/** What stands for a document that could not be made or was refused: it is found by its key and tells why. */
export const stubBody = (key: string, error: string): string =>
  JSON.stringify({ _error: error.slice(0, 1_000), [SIDE]: { key } })
