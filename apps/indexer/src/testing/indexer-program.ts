import { Elasticsearch } from '@headrace/elasticsearch'
import { createKafka } from '@headrace/kafka'
import { Health, runService } from '@headrace/runtime'
import { createLogger, Metrics } from '@headrace/telemetry'
import { runIndexer } from '../app.ts'
import { createEvents } from '../events.ts'
import { testPipeline } from './test-pipeline.ts'

/** The indexer as a process of its own, for tests that kill it: arguments are the pipeline's name, brokers, Elasticsearch. */
const [name = '', brokers = '', url = ''] = process.argv.slice(2)
const log = createLogger({ service: 'indexer', level: 'info' })

await runService({
  name: 'indexer',
  log,
  run: async (scope, signal) => {
    const kafka = createKafka({ brokers: brokers.split(','), clientId: name })
    scope.onStop('kafka', () => kafka.stop())
    const elasticsearch = new Elasticsearch({ url })
    scope.onStop('elasticsearch', () => elasticsearch.close())
    const index = { shards: 1, replicas: '0-1', refreshInterval: '1s', gcDeletes: '1d' }
    const events = createEvents(log, new Metrics('indexer'))
    await runIndexer(
      {
        pipeline: testPipeline(name),
        kafka,
        elasticsearch,
        instance: 'indexer-0',
        index,
        events,
        health: new Health(),
      },
      signal,
    )
  },
})
