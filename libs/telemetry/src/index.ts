export { createLogger, DO_NOT_LOG, type Logger, type LoggerOptions, type LogLevel } from './logger.ts'
export { type Counter, type Gauge, type Histogram, LATENCY_BUCKETS, Metrics } from './metrics.ts'
