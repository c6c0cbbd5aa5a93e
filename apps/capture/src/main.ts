import { httpServer } from '@headrace/http'
import { createKafka } from '@headrace/kafka'
import { loadPipeline } from '@headrace/pipeline'
import { createFailpoints, Health, readPipelineFolder, runService } from '@headrace/runtime'
import { createLogger, Metrics } from '@headrace/telemetry'
import { chooseSource } from './adapters/captured-table.ts'
import { runCapture } from './app.ts'
import { config } from './config.ts'
import { createEvents } from './events.ts'

const service = 'capture'
const settings = config()
const log = createLogger({ service, instance: settings.instance, level: settings.logLevel })

await runService({
  name: service,
  log,
  run: async (scope, signal) => {
    const pipeline = loadPipeline(readPipelineFolder(settings.pipeline))
    const metrics = new Metrics(service)
    const health = new Health()
    await scope.start(httpServer({ port: settings.httpPort, health, metrics, log }))
    const kafka = createKafka({ brokers: settings.brokers, clientId: settings.instance, log: (level, event, fields) => log[level](fields, event) })
    scope.onStop('kafka', () => kafka.stop())
    const tls = { ca: settings.postgresCa?.reveal(), cert: settings.postgresCert?.reveal(), key: settings.postgresKey?.reveal() }
    const given = Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined))
    await runCapture({
      pipeline,
      source: chooseSource(pipeline, settings.source),
      connection: { url: settings.postgres.reveal(), applicationName: settings.instance, ...(Object.keys(given).length === 0 ? {} : { tls: given }) },
      kafka,
      events: createEvents(log, metrics),
      health,
      failpoints: createFailpoints(settings.failpoints === '-' ? '' : settings.failpoints),
      loadConnections: settings.loadConnections,
      compression: settings.compression,
      limits: { bufferBytes: settings.bufferBytes },
    }, signal)
  },
})
