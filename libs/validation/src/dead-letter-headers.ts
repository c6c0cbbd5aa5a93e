import type { Contract } from './contract.ts'
import { type DeadLetterCode, deadLetterCodes } from './dead-letter-codes.ts'

/** What is wrong with a record, and where it stood (04 K11). Nothing here holds a value of it. */
export interface Diagnosis {
  /** Names this dead letter; the same for a repetition that is known to be one. */
  readonly id: string
  readonly code: DeadLetterCode
  readonly rule: string
  readonly path: string
  readonly message: string
  readonly contract: Pick<Contract, 'id' | 'version' | 'owner'>
  /** Of a record that is being written in the same transaction the offset is not known. */
  readonly source: {
    readonly topic: string
    readonly partition: number
    readonly offset?: bigint
    /** ms since 1970. */
    readonly timestamp?: number
  }
  /** Of a document. */
  readonly view?: { readonly name: string; readonly plan: string }
  /** ms since 1970. */
  readonly failedAt: number
}

const MESSAGE_LIMIT = 1000

/** The headers `dead.*` of a first attempt. */
export const deadLetterHeaders = (diagnosis: Diagnosis): Readonly<Record<string, string>> => {
  const { id, code, rule, path, message, contract, source, view, failedAt } = diagnosis
  const failed = new Date(failedAt).toISOString()
  return {
    'dead.id': id,
    'dead.category': code.slice(0, code.indexOf('.')),
    'dead.code': code,
    'dead.rule': rule,
    'dead.path': path,
    'dead.message': message.slice(0, MESSAGE_LIMIT),
    'dead.contract': contract.id,
    'dead.version': contract.version,
    'dead.owner': contract.owner,
    ...(view === undefined ? {} : { 'dead.view': view.name, 'dead.plan': view.plan }),
    'dead.source.topic': source.topic,
    'dead.source.partition': String(source.partition),
    ...(source.offset === undefined ? {} : { 'dead.source.offset': String(source.offset) }),
    ...(source.timestamp === undefined ? {} : { 'dead.source.timestamp': String(source.timestamp) }),
    'dead.attempt': '1',
    'dead.first_failed_at': failed,
    'dead.failed_at': failed,
    'dead.retryable': String(deadLetterCodes[code].retryable),
  }
}
