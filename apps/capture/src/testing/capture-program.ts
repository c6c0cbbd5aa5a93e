import { HeadraceError } from '@headrace/errors'
import { createKafka } from '@headrace/kafka'
import { createFailpoints, Health } from '@headrace/runtime'
import { createLogger, Metrics } from '@headrace/telemetry'
import { backends } from '@headrace/testkit'
import { runCapture } from '../app.ts'
import { createEvents } from '../events.ts'
import { testPipeline, type TestWiring } from './test-pipeline.ts'

// arguments: wiring as JSON, database url, failpoints
const [wiringText = '{}', url = '', failpoints = ''] = process.argv.slice(2)
const pipeline = testPipeline(JSON.parse(wiringText) as TestWiring)
const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())
const kafka = createKafka({ brokers: backends().kafkaBrokers, clientId: `capture-${process.pid}` })
try {
  await runCapture(
    {
      pipeline,
      source: pipeline.sources[0]!,
      connection: { url },
      kafka,
      events: createEvents(createLogger({ service: 'capture', level: 'info' }), new Metrics('capture')),
      health: new Health(),
      failpoints: createFailpoints(failpoints),
      // small transactions, so that kills fall between many of them
      limits: { records: 50, bufferBytes: 100_000 },
    },
    stop.signal,
  )
  process.exit(0)
} catch (error) {
  process.stderr.write(`${error instanceof HeadraceError ? error.describe() : String(error)}\n`)
  process.exit(error instanceof HeadraceError ? error.entry.exit : 70)
}
