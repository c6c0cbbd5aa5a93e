import type { DevProcess } from '@headrace/testkit'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What the probes of the services said while one looked. */
export interface ServiceWatch {
  /** Services whose /readyz was not 200 at least once since `begin`. */
  readonly red: ReadonlySet<string>
  /** Services whose /livez was red at least once: a platform would have killed them. */
  readonly stalled: ReadonlySet<string>
  /** Forgets what was seen. */
  begin(): void
  stop(): void
}

const LOOK_MS = 250
const TIMEOUT_MS = 2_000

/** Status of a probe; undefined when nobody answers. */
const ask = async (url: string): Promise<number | undefined> => {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    await response.body?.cancel()
    return response.status
  } catch {
    return undefined
  }
}

export const watchServices = (dev: DevProcess): ServiceWatch => {
  const red = new Set<string>()
  const stalled = new Set<string>()
  const look = async (name: string, url: string): Promise<void> => {
    const [ready, live] = [await ask(`${url}/readyz`), await ask(`${url}/livez`)]
    if (ready !== 200) red.add(name)
    if (live === 503) stalled.add(name)
  }
  const timer = setInterval(() => {
    for (const [name, { url }] of Object.entries(dev.state().services)) void look(name, url)
  }, LOOK_MS)
  return {
    red,
    stalled,
    begin: () => {
      red.clear()
      stalled.clear()
    },
    stop: () => clearInterval(timer),
  }
}

interface Line {
  readonly level?: string
  readonly code?: string
  readonly msg?: string
}

const readLine = (text: string): Line | undefined => {
  try {
    return JSON.parse(text) as Line
  } catch {
    return undefined
  }
}

/** Lines of the services' logs that no operator should have to read: stack traces, and what is no line of a log at all. */
export const unreadableLines = (folder: string): readonly string[] =>
  logLines(folder)
    .filter(({ text, line }) => line === undefined || /\\n\s+at /.test(text))
    .map(show)

/** What the services logged as errors. */
export const errorLines = (folder: string): readonly string[] =>
  logLines(folder)
    .filter(({ line }) => line?.level === 'error')
    .map(show)

interface LoggedLine {
  readonly file: string
  readonly text: string
  readonly line: Line | undefined
}

const logLines = (folder: string): readonly LoggedLine[] =>
  readdirSync(join(folder, 'logs')).flatMap(file =>
    readFileSync(join(folder, 'logs', file), 'utf8')
      .split('\n')
      .filter(text => text !== '')
      .map(text => ({ file, text, line: readLine(text) })),
  )

const show = ({ file, text }: LoggedLine): string => `${file}: ${text.slice(0, 500)}`
