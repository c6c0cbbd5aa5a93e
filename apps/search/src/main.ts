import { Elasticsearch, elasticsearchConnection } from '@headrace/elasticsearch'
import { httpServer } from '@headrace/http'
import { loadPipeline } from '@headrace/pipeline'
import { Health, readPipelineFolder, runService } from '@headrace/runtime'
import { DEFAULT_LIMITS } from '@headrace/search-model'
import { createLogger, Metrics } from '@headrace/telemetry'
import { createSearch, watchElasticsearch } from './app.ts'
import { config } from './config.ts'
import { createEvents } from './events.ts'

const service = 'search'
const settings = config()
const { pageSize, timeoutMs, depth, clauses } = settings
const log = createLogger({ service, instance: settings.instance, level: settings.logLevel })

await runService({
  name: service,
  log,
  run: async (scope, signal) => {
    const pipeline = loadPipeline(readPipelineFolder(settings.pipeline))
    const metrics = new Metrics(service)
    const health = new Health()
    const events = createEvents(log, metrics)
    const elasticsearch = new Elasticsearch(elasticsearchConnection(settings))
    scope.onStop('elasticsearch', () => elasticsearch.close())
    const limits = { ...DEFAULT_LIMITS, depth, clauses }
    const routes = createSearch({ pipeline, elasticsearch, events, limits, pageSize, timeoutMs })
    await scope.start(httpServer({ port: settings.httpPort, health, metrics, log, routes }))
    await watchElasticsearch({ elasticsearch, health, events }, signal)
  },
})
