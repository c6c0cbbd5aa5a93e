const MIB = 1_048_576

/** Largest records of a pipeline in bytes; what is larger goes to the dead letters (docs/decisions/0008). */
export interface SizeLimits {
  /** A row as a raw topic carries it: key and values as Postgres prints them. */
  readonly rowBytes: number
  /** A document with its index-only fields, and whatever travels to it inside the aggregator. */
  readonly documentBytes: number
}

export const DEFAULT_LIMITS: SizeLimits = { rowBytes: 8 * MIB, documentBytes: 16 * MIB }

/** All topics' records together with their diagnosis fit into one request: brokers take 100 MiB (socket.request.max.bytes). */
export const LARGEST_LIMITS: SizeLimits = { rowBytes: 32 * MIB, documentBytes: 64 * MIB }

/** Room for what stands beside a value: key, position, framing, headers of a dead letter. */
const BESIDE = 65_536

/** Largest values, and max.message.bytes of the topics that carry them. */
export interface TopicSizes {
  /** Largest typed row: texts of arrays grow when they become JSON, all else stays about as large as it was. */
  readonly typedRowBytes: number
  readonly topics: {
    readonly raw: number
    readonly validated: number
    readonly dead: number
    readonly hop: number
    readonly documents: number
  }
}

/** raw < validated < dead (04 K12): a dead letter always has room for the raw record and its diagnosis. */
export const topicSizes = ({ rowBytes, documentBytes }: SizeLimits): TopicSizes => ({
  typedRowBytes: 2 * rowBytes,
  topics: {
    raw: rowBytes + BESIDE,
    validated: 2 * rowBytes + BESIDE,
    dead: 2 * rowBytes + 2 * BESIDE,
    hop: documentBytes + BESIDE,
    documents: documentBytes + BESIDE,
  },
})
