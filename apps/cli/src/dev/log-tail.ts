import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs'

/** One line of a service's log that matters to a person. */
export interface LogLine {
  readonly level: string
  readonly message: string
  /** Code of the error catalogue, when the line is about an error. */
  readonly code: string | undefined
  /** In words for who runs `headrace dev`. */
  readonly notice: string | undefined
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** A pino line, or Node's own words when it cannot start: of those only the line with the error itself counts. */
export const parseLogLine = (line: string): LogLine | undefined => {
  if (line.trim() === '') return undefined
  try {
    const parsed: unknown = JSON.parse(line)
    if (typeof parsed === 'object' && parsed !== null) {
      const fields = parsed as Record<string, unknown>
      return {
        level: textOf(fields['level']) ?? 'info',
        message: textOf(fields['msg']) ?? '',
        code: textOf(fields['code']),
        notice: textOf(fields['notice']),
      }
    }
  } catch {
    // not JSON: falls through
  }
  return {
    level: /^\w*Error\b.*: /.test(line) ? 'error' : 'debug',
    message: line,
    code: undefined,
    notice: undefined,
  }
}

/** Reads what was appended to a log file since the last call. */
export class LogTail {
  readonly #file: string
  #at = 0
  #rest = ''

  constructor(file: string) {
    this.#file = file
  }

  read(): readonly LogLine[] {
    if (!existsSync(this.#file)) return []
    const fd = openSync(this.#file, 'r')
    try {
      const size = fstatSync(fd).size
      if (size <= this.#at) return []
      const bytes = Buffer.alloc(Math.min(size - this.#at, 1_048_576))
      this.#at += readSync(fd, bytes, 0, bytes.length, this.#at)
      const lines = (this.#rest + bytes.toString('utf8')).split('\n')
      this.#rest = lines.pop() ?? ''
      return lines.flatMap(line => parseLogLine(line) ?? [])
    } finally {
      closeSync(fd)
    }
  }
}
