import { Presets, SingleBar } from 'cli-progress'

export interface Screen {
  title(text: string): void
  line(text?: string): void
  /** Of lesser weight: what is being done. */
  note(text: string): void
  good(text: string): void
  bad(text: string): void
  table(head: readonly string[], rows: readonly (readonly string[])[]): void
  /** Shows how far something is; a line every tenth without a terminal. */
  progress(what: string, total: number): Progress
}

export interface Progress {
  update(done: number): void
  stop(): void
}

interface Stream {
  write(text: string): unknown
  readonly isTTY?: boolean
}

const CLEAR_LINE = '\r\u001b[2K'
const BAR = '{what} {bar} {value}/{total}  {duration_formatted}'

const barOf = (stream: Stream, what: string, total: number): Progress => {
  const bar = new SingleBar(
    {
      format: BAR,
      stream: stream as NodeJS.WritableStream,
      hideCursor: true,
      clearOnComplete: false,
      // lines are written above it
      forceRedraw: true,
    },
    Presets.shades_classic,
  )
  bar.start(total, 0, { what: what.padEnd(24) })
  return { update: done => bar.update(Math.min(done, total)), stop: () => bar.stop() }
}

const linesOf = (stream: Stream, what: string, total: number): Progress => {
  let said = -1
  return {
    update: done => {
      const tenth = Math.floor((Math.min(done, total) * 10) / Math.max(total, 1))
      if (tenth <= said) return
      said = tenth
      stream.write(`${what}: ${done} of ${total}\n`)
    },
    stop: () => undefined,
  }
}

/** Sober terminal output; colours and bars only on a terminal. */
export const createScreen = (stream: Stream, color: boolean): Screen => {
  const tty = stream.isTTY === true
  const paint = (code: number, text: string): string =>
    tty && color ? `\u001b[${code}m${text}\u001b[0m` : text
  // a bar may stand on the last line; it draws itself again below
  const line = (text = ''): void => void stream.write(`${tty ? CLEAR_LINE : ''}${text}\n`)
  return {
    line,
    title: text => line(`\n${paint(1, text)}`),
    note: text => line(paint(2, text)),
    good: text => line(`${paint(32, '✓')} ${text}`),
    bad: text => line(`${paint(31, '✗')} ${text}`),
    table: (head, rows) => {
      const widths = head.map((title, at) =>
        Math.max(title.length, ...rows.map(row => (row[at] ?? '').length)),
      )
      const render = (cells: readonly string[]): string =>
        cells
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join('  ')
          .trimEnd()
      line(paint(2, `  ${render(head)}`))
      for (const row of rows) line(`  ${render(row)}`)
    },
    progress: (what, total) => (tty ? barOf(stream, what, total) : linesOf(stream, what, total)),
  }
}
