import { describe, expect, it } from '@jest/globals'
import { loadBars, sumOfMetric } from './lag.ts'

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

describe('loadBars', () => {
  const metrics = (done: number): string =>
    [
      '# HELP headrace_capture_snapshot_rows_done x',
      'headrace_capture_snapshot_rows_done{table="public.a"} 1000',
      `headrace_capture_snapshot_rows_done{table="public.b"} ${done}`,
      'headrace_capture_snapshot_rows_total{table="public.a"} 1000',
      'headrace_capture_snapshot_rows_total{table="public.b"} 50000',
    ].join('\n')

  it('shows tables that are not through', () =>
    expect(loadBars(metrics(25_000))).toEqual(['loading public.b █████░░░░░ 25,000 of about 50,000 rows']))

  it('is empty when all are, also when there are more rows than estimated', () => {
    expect(loadBars(metrics(50_001))).toEqual([])
    expect(loadBars('')).toEqual([])
  })
})
