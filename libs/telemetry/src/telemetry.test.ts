import { describe, expect, it } from '@jest/globals'
import { createLogger, DO_NOT_LOG, Metrics } from './index.ts'

describe('createLogger', () => {
  const lines: string[] = []
  const log = createLogger({ service: 'indexer', destination: { write: line => void lines.push(line) } })

  it('writes one JSON line with service and level', () => {
    log.child({ topic: 't' }).warn({ partition: 3 }, 'lagging')
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      service: 'indexer',
      level: 'warn',
      topic: 't',
      partition: 3,
      msg: 'lagging',
    })
  })

  it('refuses payloads and marked values', () => {
    expect(() => log.info({ value: Buffer.from('row') }, 'x')).toThrow('payload or secret')
    expect(() => log.info({ value: { [DO_NOT_LOG]: true } }, 'x')).toThrow('payload or secret')
  })
})

describe('Metrics', () => {
  it('names metrics headrace_<service>_<noun>_<unit>', async () => {
    const metrics = new Metrics('indexer')
    metrics
      .counter({ name: 'records_total', help: 'Records.', labels: ['outcome'] })
      .inc({ outcome: 'ok' }, 2)
    expect(await metrics.expose()).toContain('headrace_indexer_records_total{outcome="ok"} 2')
    expect(metrics.contentType).toContain('version=0.0.4')
  })
})
