import { httpServer } from '@headrace/http'
import { createKafka, kafkaConnection } from '@headrace/kafka'
import { loadPipeline } from '@headrace/pipeline'
import { Health, readPipelineFolder, runService } from '@headrace/runtime'
import { createLogger, Metrics } from '@headrace/telemetry'
import { chooseSource } from './adapters/captured-table.ts'
import { runCapture } from './app.ts'
import { config } from './config.ts'
import { createEvents } from './events.ts'
import { postgresConnection, tuning } from './settings.ts'

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
    const kafka = createKafka(kafkaConnection(settings, settings.instance, log))
    scope.onStop('kafka', () => kafka.stop())
    const source = chooseSource(pipeline, settings.source)
    const connection = postgresConnection(settings)
    const events = createEvents(log, metrics)
    await runCapture({ pipeline, source, connection, kafka, events, health, ...tuning(settings) }, signal)
  },
})
