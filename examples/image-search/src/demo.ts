import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { readDemoConfig } from './config.ts'
import { type DemoOptions, isRight, runDemo } from './demo-run.ts'
import { createScreen } from './screen/screen.ts'

const HELP = `npm run demo -- [EXAMPLE] [--once] [--json]

Loads an example, shows that every document equals SQL, searches, measures, then follows live changes until Ctrl-C.

  --once  end after the check; exit status 0 only if all is right
  --json  the last line of standard output is one JSON object with the result
`

const LAST_WAIT_MS = 5_000

const readArguments = () => {
  const flag = { type: 'boolean', default: false } as const
  try {
    const { values } = parseArgs({ options: { once: flag, json: flag, help: { ...flag, short: 'h' } } })
    if (!values.help) return values
    process.stdout.write(HELP)
    process.exit(0)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`)
    process.exit(64)
  }
}

const values = readArguments()
const config = readDemoConfig()
const options: DemoOptions = { once: values.once, images: 2_000, commits: 500, perSecond: 20 }
// with --json the last line of standard output is the result; people read the rest on standard error
const screen = createScreen(values.json ? process.stderr : process.stdout, config.color)
const stop = new AbortController()
const stops: (() => Promise<unknown> | void)[] = []

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // dev and the servers end by themselves when this process is gone
    if (stop.signal.aborted) process.exit(130)
    screen.note('\nstopping')
    stop.abort()
  })
}

const stopped = new Promise<never>((_resolve, reject) => {
  stop.signal.addEventListener(
    'abort',
    () => setTimeout(() => reject(new Error('stopped')), values.once ? 0 : 2_000),
    { once: true },
  )
})
stopped.catch(() => undefined)

const stopAll = async (): Promise<void> => {
  for (let run = stops.pop(); run !== undefined; run = stops.pop()) {
    try {
      await run()
    } catch (error) {
      screen.bad(error instanceof Error ? error.message : String(error))
    }
  }
}

let status = 1
const running = runDemo(config, options, screen, { add: run => void stops.push(run) }, stop.signal)
try {
  const result = await Promise.race([running, stopped])
  status = isRight(result, options) ? 0 : 1
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`)
} catch (error) {
  status = stop.signal.aborted ? 130 : 1
  if (!stop.signal.aborted) screen.bad(error instanceof Error ? error.message : String(error))
} finally {
  await stopAll()
  // what was being started when Ctrl-C came
  await Promise.race([running.catch(() => undefined), delay(LAST_WAIT_MS)])
  await stopAll()
}
process.exit(status)
