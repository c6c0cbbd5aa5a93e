import { httpServer } from '@headrace/http'
import { createKafka, kafkaConnection } from '@headrace/kafka'
import { loadPipeline } from '@headrace/pipeline'
import { createFailpoints, Health, readPipelineFolder, runService } from '@headrace/runtime'
import { createLogger, Metrics } from '@headrace/telemetry'
import { runAggregator } from './app.ts'
import { config } from './config.ts'
import { createEvents } from './events.ts'

const service = 'aggregator'
const settings = config()
const { instance } = settings
const log = createLogger({ service, instance, level: settings.logLevel })

await runService({
  name: service,
  log,
  run: async (scope, signal) => {
    const pipeline = loadPipeline(readPipelineFolder(settings.pipeline))
    const metrics = new Metrics(service)
    const health = new Health()
    await scope.start(httpServer({ port: settings.httpPort, health, metrics, log }))
    const failpoint = createFailpoints(settings.failpoints === '-' ? '' : settings.failpoints)
    const hold = async (point: string) => failpoint(`aggregator.transaction_${point}`)
    const kafka = createKafka(kafkaConnection(settings, instance, log), { hold })
    scope.onStop('kafka', () => kafka.stop())
    await runAggregator(
      { pipeline, kafka, health, failpoint, settings, events: createEvents(log, metrics) },
      signal,
    )
  },
})
