/**
 * murmur2 (32 bit, seed 0x9747b28c) of the routing key's bytes, as Apache Kafka's Java client computes it.
 * Source: org.apache.kafka.common.utils.Utils#murmur2.
 */
export const murmur2 = (bytes: Uint8Array): number => {
  const m = 0x5bd1e995
  const { length } = bytes
  let h = 0x9747b28c ^ length
  const end = length & ~3
  for (let i = 0; i < end; i += 4) {
    let k = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    k = Math.imul(k, m)
    k ^= k >>> 24
    k = Math.imul(k, m)
    h = Math.imul(h, m) ^ k
  }
  const rest = length & 3
  if (rest === 3) h ^= bytes[end + 2]! << 16
  if (rest >= 2) h ^= bytes[end + 1]! << 8
  if (rest >= 1) h = Math.imul(h ^ bytes[end]!, m)
  h ^= h >>> 13
  h = Math.imul(h, m)
  h ^= h >>> 15
  return h
}

/** Partition of a routing key: the record key, or the parent's key on a hop (design 02 §2.3). */
export const partitionOf = (routingKey: Uint8Array | string, partitions: number): number =>
  (murmur2(typeof routingKey === 'string' ? Buffer.from(routingKey) : routingKey) & 0x7fffffff) % partitions
