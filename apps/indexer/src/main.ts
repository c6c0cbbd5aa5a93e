import { Elasticsearch, elasticsearchConnection } from '@headrace/elasticsearch'
import { httpServer } from '@headrace/http'
import { createKafka, kafkaConnection } from '@headrace/kafka'
import { loadPipeline } from '@headrace/pipeline'
import { Health, readPipelineFolder, runService } from '@headrace/runtime'
import { createLogger, Metrics } from '@headrace/telemetry'
import { runIndexer } from './app.ts'
import { config, indexSettingsOf } from './config.ts'
import { createEvents } from './events.ts'

const service = 'indexer'
const settings = config()
const { instance, views } = settings
const log = createLogger({ service, instance, level: settings.logLevel })

await runService({
  name: service,
  log,
  run: async (scope, signal) => {
    const pipeline = loadPipeline(readPipelineFolder(settings.pipeline))
    const metrics = new Metrics(service)
    const health = new Health()
    await scope.start(httpServer({ port: settings.httpPort, health, metrics, log }))
    const elasticsearch = new Elasticsearch(elasticsearchConnection(settings))
    scope.onStop('elasticsearch', () => elasticsearch.close())
    const kafka = createKafka(kafkaConnection(settings, instance, log))
    scope.onStop('kafka', () => kafka.stop())
    const events = createEvents(log, metrics)
    const index = indexSettingsOf(settings)
    const clients = { kafka, elasticsearch }
    await runIndexer(
      { pipeline, ...clients, instance, index, events, health, ...(views && { views }) },
      signal,
    )
  },
})
