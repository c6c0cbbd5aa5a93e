import { HeadraceError } from '@headrace/errors'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a

/** A walk over JSON text that leaves the text as it is. It trusts that the text is JSON: it was made by Postgres or by us. */
export class JsonCursor {
  readonly text: string
  at = 0

  constructor(text: string) {
    this.text = text
  }

  #fail(): never {
    throw new HeadraceError('decode.document', `a document is not JSON at character ${this.at}`)
  }

  skipSpace(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.at++
    }
  }

  /** Code of the next character that is not space; NaN at the end. */
  peek(): number {
    this.skipSpace()
    return this.text.charCodeAt(this.at)
  }

  #expect(code: number): void {
    if (this.peek() !== code) this.#fail()
    this.at++
  }

  /** Reads a string and gives its value. */
  string(): string {
    const start = this.#skipString()
    const raw = this.text.slice(start + 1, this.at - 1)
    return raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw
  }

  #skipString(): number {
    this.skipSpace()
    const start = this.at
    if (this.text.charCodeAt(start) !== QUOTE) this.#fail()
    let end = start
    do {
      end = this.text.indexOf('"', end + 1)
      if (end < 0) this.#fail()
    } while (this.#isEscaped(end))
    this.at = end + 1
    return start
  }

  #isEscaped(quote: number): boolean {
    let slashes = 0
    while (this.text.charCodeAt(quote - 1 - slashes) === BACKSLASH) slashes++
    return slashes % 2 === 1
  }

  /** Reads a number, true, false or null as it stands. */
  word(): string {
    this.skipSpace()
    const start = this.at
    for (;;) {
      const code = this.text.charCodeAt(this.at)
      // letters, digits, + - .
      if (
        (code >= 0x30 && code <= 0x39) ||
        code === 0x2e ||
        code === 0x2d ||
        code === 0x2b ||
        (code >= 0x61 && code <= 0x7a) ||
        code === 0x45
      )
        this.at++
      else break
    }
    if (this.at === start) this.#fail()
    return this.text.slice(start, this.at)
  }

  /** Calls `member` at the value of each member, which it has to read or skip. Leaves the cursor on the closing brace. */
  object(member: (name: string) => void): void {
    this.#expect(0x7b)
    if (this.peek() === 0x7d) return
    for (;;) {
      const name = this.string()
      this.#expect(COLON)
      member(name)
      if (this.peek() !== COMMA) break
      this.at++
    }
    if (this.peek() !== 0x7d) this.#fail()
  }

  /** Calls `element` at each element, which it has to read or skip. Ends behind the closing bracket. */
  array(element: () => void): void {
    this.#expect(0x5b)
    if (this.peek() !== 0x5d) {
      for (;;) {
        element()
        if (this.peek() !== COMMA) break
        this.at++
      }
    }
    this.#expect(0x5d)
  }

  /** Behind the closing brace on which `object` left the cursor. */
  closeObject(): void {
    this.#expect(0x7d)
  }

  skipValue(): void {
    const code = this.peek()
    if (code === QUOTE) this.#skipString()
    else if (code === 0x7b || code === 0x5b) this.#skipContainer()
    else this.word()
  }

  #skipContainer(): void {
    let depth = 0
    do {
      const code = this.text.charCodeAt(this.at)
      if (code === QUOTE) {
        this.#skipString()
        continue
      }
      if (code === 0x7b || code === 0x5b) depth++
      else if (code === 0x7d || code === 0x5d) depth--
      else if (Number.isNaN(code)) this.#fail()
      this.at++
    } while (depth > 0)
  }
}
