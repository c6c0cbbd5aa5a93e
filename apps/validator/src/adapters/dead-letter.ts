import { randomUUID } from 'node:crypto'
import type { IncomingRecord, OutgoingRecord } from '@headrace/kafka'
import { type Contract, deadLetterCodes, type Rejection } from '@headrace/validation'

/** Where a raw record stood. */
export interface SourceRecord {
  readonly topic: string
  readonly partition: number
  readonly record: IncomingRecord
}

const MESSAGE_LIMIT = 1000

/** Original bytes and key, same partition; what is wrong stands in the headers only (04 K11). */
export const deadLetter = (
  topic: string,
  contract: Contract,
  { topic: sourceTopic, partition, record }: SourceRecord,
  { code, rule, path, message }: Rejection,
  nowMs: number,
): OutgoingRecord => {
  const now = new Date(nowMs).toISOString()
  return {
    topic,
    partition,
    key: record.key === null ? null : Buffer.from(record.key),
    value: record.value === null ? null : Buffer.from(record.value),
    headers: {
      'dead.id': randomUUID(),
      'dead.category': code.slice(0, code.indexOf('.')),
      'dead.code': code,
      'dead.rule': rule,
      'dead.path': path,
      'dead.message': message.slice(0, MESSAGE_LIMIT),
      'dead.contract': contract.id,
      'dead.version': contract.version,
      'dead.owner': contract.owner,
      'dead.source.topic': sourceTopic,
      'dead.source.partition': String(partition),
      'dead.source.offset': String(record.offset),
      'dead.source.timestamp': String(record.timestamp),
      'dead.attempt': '1',
      'dead.first_failed_at': now,
      'dead.failed_at': now,
      'dead.retryable': String(deadLetterCodes[code].retryable),
    },
  }
}
