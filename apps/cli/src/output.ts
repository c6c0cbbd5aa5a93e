import type { HeadraceError } from '@headrace/errors'
import type { CliConfig } from './config.ts'

/** What every command gets. */
export interface Context {
  readonly out: Output
  readonly config: CliConfig
  /** Set by a command that found something wrong without failing itself. */
  exitStatus: number
}

export interface OutputOptions {
  readonly json: boolean
  readonly color: boolean
  readonly stdout?: { write(text: string): unknown; readonly isTTY?: boolean }
  readonly stderr?: { write(text: string): unknown }
}

/**
 * Where a command's words go. With --json standard output carries JSON only, one value per line, and errors are
 * `{"error": {code, message, where?, hint}}` there; otherwise results go to standard output and the rest to standard error.
 */
export class Output {
  readonly json: boolean
  readonly tty: boolean
  readonly #color: boolean
  readonly #stdout: { write(text: string): unknown }
  readonly #stderr: { write(text: string): unknown }

  constructor({ json, color, stdout = process.stdout, stderr = process.stderr }: OutputOptions) {
    this.json = json
    this.tty = stdout.isTTY === true
    this.#color = color && this.tty
    this.#stdout = stdout
    this.#stderr = stderr
  }

  /** A result for a person; silent with --json. */
  line(text = ''): void {
    if (!this.json) this.#stdout.write(`${text}\n`)
  }

  /** What goes on meanwhile, for a person; to standard error, so that results can be piped. */
  note(text: string): void {
    this.#stderr.write(`${text}\n`)
  }

  /** The result for a program; silent without --json. */
  value(value: unknown): void {
    if (this.json) this.#stdout.write(`${JSON.stringify(value)}\n`)
  }

  raw(text: string): void {
    this.#stdout.write(text)
  }

  error(error: HeadraceError): void {
    if (this.json) {
      const { code, message, where } = error
      const hint = error.hint ?? error.entry.meaning
      this.value({
        error: {
          code,
          message,
          ...(where === undefined ? {} : { where }),
          hint,
        },
      })
    } else {
      this.#stderr.write(`${this.paint('red', error.describe())}\n`)
    }
  }

  paint(style: 'red' | 'green' | 'yellow' | 'dim' | 'bold', text: string): string {
    if (!this.#color) return text
    const code = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 }[style]
    return `\u001b[${code}m${text}\u001b[0m`
  }

  /** Columns as wide as their widest cell. */
  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    const widths = head.map((title, at) => Math.max(title.length, ...rows.map(row => (row[at] ?? '').length)))
    const render = (cells: readonly string[]): string =>
      cells
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd()
    this.line(this.paint('dim', render(head)))
    for (const row of rows) this.line(render(row))
  }
}
