import { describe, expect, it } from '@jest/globals'
import { sumOfMetric } from './lag.ts'

describe('sumOfMetric', () => {
  const text = [
    '# HELP headrace_indexer_lag_records x',
    'headrace_indexer_lag_records{topic="a b",partition="0"} 3',
    'headrace_indexer_lag_records{topic="a b",partition="1"} 4',
    'headrace_indexer_lag_seconds{topic="a b"} 9',
    'process_cpu_seconds_total 1.5',
  ].join('\n')

  it('adds all samples of a name', () => {
    expect(sumOfMetric(text, '_lag_records')).toBe(7)
    expect(sumOfMetric(text, 'process_cpu_seconds_total')).toBe(1.5)
  })

  it('tells zero from absent', () => {
    expect(sumOfMetric(text, '_nothing')).toBeUndefined()
    expect(sumOfMetric('x_lag_records 0', '_lag_records')).toBe(0)
  })
})
