import { randomUUID } from 'node:crypto'
import type { IncomingRecord, OutgoingRecord } from '@headrace/kafka'
import { type Contract, deadLetterHeaders, type Rejection } from '@headrace/validation'

/** Where a raw record stood. */
export interface SourceRecord {
  readonly topic: string
  readonly partition: number
  readonly record: IncomingRecord
}

/** Original bytes and key, same partition; what is wrong stands in the headers only (04 K11). */
export const deadLetter = (
  topic: string,
  contract: Contract,
  { topic: sourceTopic, partition, record }: SourceRecord,
  { code, rule, path, message }: Rejection,
  nowMs: number,
): OutgoingRecord => {
  const { offset, timestamp, key, value } = record
  return {
    topic,
    partition,
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: deadLetterHeaders({
      id: randomUUID(),
      code,
      rule,
      path,
      message,
      contract,
      source: { topic: sourceTopic, partition, offset, timestamp },
      failedAt: nowMs,
    }),
  }
}
