/** JSON with its numbers as they are written: no digit is lost. */
export type ExactJson =
  null | boolean | string | ExactNumber | readonly ExactJson[] | ReadonlyMap<string, ExactJson>

export class ExactNumber {
  /** As written. */
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  equals(other: ExactNumber): boolean {
    return this.text === other.text || canonicalNumber(this.text) === canonicalNumber(other.text)
  }
}

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/

/** One text per value: sign, digits without zeros at their ends, power of ten. */
const canonicalNumber = (text: string): string => {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = NUMBER.exec(text) ?? []
  const digits = (whole + fraction).replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return '0'
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length)
  return `${sign}${significant}e${power}`
}

const TOKEN = /[{}[\],:]|"(?:[^"\\]|\\.)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y
const SPACE = /[ \t\r\n]*/y

class Parser {
  private readonly text: string
  private at = 0
  private token: string | undefined

  constructor(text: string) {
    this.text = text
    this.next()
  }

  document(): ExactJson {
    const value = this.value()
    if (this.token !== undefined) throw this.fault()
    return value
  }

  private next(): string {
    const before = this.token ?? ''
    SPACE.lastIndex = this.at
    SPACE.exec(this.text)
    this.at = SPACE.lastIndex
    TOKEN.lastIndex = this.at
    this.token = TOKEN.exec(this.text)?.[0]
    if (this.token === undefined && this.at < this.text.length) throw this.fault()
    this.at += this.token?.length ?? 0
    return before
  }

  /** Says where, not what: documents are nobody's business in a log. */
  private fault(): SyntaxError {
    return new SyntaxError(`not JSON at character ${this.at + 1}`)
  }

  private value(): ExactJson {
    const token = this.next()
    switch (token[0]) {
      case '{':
        return this.object()
      case '[':
        return this.array()
      case '"':
        return this.string(token)
      case 't':
        return true
      case 'f':
        return false
      case 'n':
        return null
      default:
        if (!NUMBER.test(token)) throw this.fault()
        return new ExactNumber(token)
    }
  }

  private string(token: string): string {
    return token.includes('\\') ? (JSON.parse(token) as string) : token.slice(1, -1)
  }

  private array(): readonly ExactJson[] {
    const items: ExactJson[] = []
    if (this.token === ']') this.next()
    else {
      do items.push(this.value())
      while (this.more(']'))
    }
    return items
  }

  /** A name that is there again (type json allows it) is kept beside the first. */
  private object(): ReadonlyMap<string, ExactJson> {
    const members = new Map<string, ExactJson>()
    if (this.token === '}') this.next()
    else {
      do {
        const token = this.next()
        if (!token.startsWith('"') || this.next() !== ':') throw this.fault()
        let name = this.string(token)
        while (members.has(name)) name += '\u0000again'
        members.set(name, this.value())
      } while (this.more('}'))
    }
    return members
  }

  private more(end: string): boolean {
    const token = this.next()
    if (token !== ',' && token !== end) throw this.fault()
    return token === ','
  }
}

/** Throws SyntaxError with the place. */
export const parseExactJson = (text: string): ExactJson => new Parser(text).document()

export const exactJsonText = (value: ExactJson): string => {
  if (value instanceof ExactNumber) return value.text
  if (Array.isArray(value)) return `[${(value as readonly ExactJson[]).map(exactJsonText).join(',')}]`
  if (value instanceof Map) {
    const members = [...(value as ReadonlyMap<string, ExactJson>)]
    return `{${members.map(([name, each]) => `${JSON.stringify(name)}:${exactJsonText(each)}`).join(',')}}`
  }
  return JSON.stringify(value)
}
