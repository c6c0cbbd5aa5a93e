import { httpServer } from '@headrace/http'
import { createKafka, kafkaConnection } from '@headrace/kafka'
import { loadPipeline } from '@headrace/pipeline'
import { createFailpoints, Health, readPipelineFolder, runService } from '@headrace/runtime'
import { createLogger, Metrics } from '@headrace/telemetry'
import { runValidator } from './app.ts'
import { config } from './config.ts'
import { createEvents } from './events.ts'

const service = 'validator'
const settings = config()
const { instance, compression, turnRecords, turnMs } = settings
const log = createLogger({ service, instance, level: settings.logLevel })

await runService({
  name: service,
  log,
  run: async (scope, signal) => {
    const pipeline = loadPipeline(readPipelineFolder(settings.pipeline))
    const metrics = new Metrics(service)
    const health = new Health()
    await scope.start(httpServer({ port: settings.httpPort, health, metrics, log }))
    const kafka = createKafka(kafkaConnection(settings, instance, log))
    scope.onStop('kafka', () => kafka.stop())
    const events = createEvents(log, metrics)
    const failpoints = createFailpoints(settings.failpoints === '-' ? '' : settings.failpoints)
    const turn = { records: turnRecords, ms: turnMs }
    await runValidator({ pipeline, kafka, instance, compression, turn, events, health, failpoints }, signal)
  },
})
