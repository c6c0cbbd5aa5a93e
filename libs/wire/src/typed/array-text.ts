/** A parsed Postgres array: elements as Postgres prints them, null for NULL, nested for further dimensions. */
export type ArrayElement = string | null | ArrayElement[]

/**
 * Parses the text form of a Postgres array, `{1,NULL,"a \"b\"",{…}}` with an optional `[0:2]=` in front.
 * Undefined when the text is none.
 */
export const parseArrayText = (text: string): ArrayElement[] | undefined => {
  let start = 0
  if (text.startsWith('[')) {
    start = text.indexOf('=') + 1
    if (start === 0) return undefined
  }
  const parser = new ArrayParser(text, start)
  const result = parser.array()
  return parser.failed || parser.at !== text.length ? undefined : result
}

class ArrayParser {
  at: number
  failed = false
  private readonly text: string

  constructor(text: string, at: number) {
    this.text = text
    this.at = at
  }

  array(): ArrayElement[] {
    const out: ArrayElement[] = []
    if (this.text[this.at] !== '{') return this.fail(out)
    this.at++
    if (this.text[this.at] === '}') {
      this.at++
      return out
    }
    while (!this.failed) {
      out.push(this.element())
      const next = this.text[this.at++]
      if (next === '}') return out
      if (next !== ',') return this.fail(out)
    }
    return out
  }

  private element(): ArrayElement {
    const first = this.text[this.at]
    if (first === '{') return this.array()
    if (first === '"') return this.quoted()
    const from = this.at
    while (this.at < this.text.length && this.text[this.at] !== ',' && this.text[this.at] !== '}') this.at++
    const plain = this.text.slice(from, this.at)
    if (plain === '') this.failed = true
    return plain === 'NULL' ? null : plain
  }

  private quoted(): string {
    let out = ''
    for (this.at++; this.at < this.text.length; this.at++) {
      const char = this.text[this.at]!
      if (char === '"') {
        this.at++
        return out
      }
      out += char === '\\' ? (this.text[++this.at] ?? '') : char
    }
    this.failed = true
    return out
  }

  private fail<T>(value: T): T {
    this.failed = true
    return value
  }
}
