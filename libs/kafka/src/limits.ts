import type { FetchOptions } from './options.ts'
import type { FetchLimits } from './protocol/fetch.ts'

const MIB = 1024 * 1024

const DEFAULTS = {
  maxWaitMs: 100,
  minBytes: 1,
  maxBytes: 8 * MIB,
  maxBytesPerPartition: MIB,
  maxQueuedBytes: 32 * MIB,
}

/** The options with their defaults. */
export const limitsOf = (options: FetchOptions = {}): { limits: FetchLimits; maxQueuedBytes: number } => {
  const { maxQueuedBytes, ...limits } = { ...DEFAULTS, ...options }
  return { limits, maxQueuedBytes }
}
