import { HeadraceError } from '@headrace/errors'
import { formatLsn, MarkerKind, Op } from '@headrace/wire'
import { ChangeWriter } from './change-writer.ts'
import { type IncompleteRow, incompleteRow } from './incomplete-row.ts'
import { keyOf } from './key-reader.ts'
import { type CapturedTable, readRelation, type Relation, type RelationTracker } from './relation.ts'
import { cutTooLarge } from './too-large-row.ts'
import { TupleCutter } from './tuple-cutter.ts'

/** XLogData: type byte, start and end of the WAL, send time; then the plugin's message. */
const XLOG_DATA = 0x77
const XLOG_HEADER_BYTES = 25
/** 2000-01-01 in microseconds since 1970-01-01 UTC: where Postgres counts from. */
const POSTGRES_EPOCH_US = 946_684_800_000_000
const KEY_TUPLE = 0x4b
const OLD_TUPLE = 0x4f
const ORIGIN_MESSAGES = new Set(['O', 'Y'].map(letter => letter.charCodeAt(0)))

/** How far the stream is known already: what is at or before it is not given again (03 C3). */
export interface KnownPosition {
  readonly commitLsn: bigint
  readonly ordinal: number
  /** The transaction of `commitLsn` is known as a whole. */
  readonly complete: boolean
}

export interface SourceTransaction {
  /** Where its commit record begins: names the transaction (03 C1). */
  readonly commitLsn: bigint
  readonly xid: number
  /** Microseconds since 1970-01-01 UTC. */
  readonly commitTimeUs: number
}

/** What a decoder gives on. Keys and values are the receiver's to keep. */
export interface ChangeSink<T extends CapturedTable> {
  /** A table is described for the first time, or anew; comes before the rows that need it, in their transaction. */
  relation(relation: Relation<T>, transaction: SourceTransaction): void
  /**
   * One record for the raw topic of the table. `ordinal` grows within `transaction`. `incomplete`: what it lacks (03 C9).
   * `tooLargeBytes`: not 0 when the row was too large and only its key is there (04 K12).
   */
  row(
    relation: Relation<T>,
    key: Buffer,
    value: Buffer,
    transaction: SourceTransaction,
    ordinal: number,
    incomplete: IncompleteRow<T> | null,
    tooLargeBytes: number,
  ): void
  /** All rows of the table before this position are gone (03 C10). */
  marker(relation: Relation<T>, kind: MarkerKind, transaction: SourceTransaction, ordinal: number): void
  /** `known`: nothing of it was given, it had been taken before. `endLsn` is what may be acknowledged when its rows are safe. */
  commit(transaction: SourceTransaction, endLsn: bigint, known: boolean): void
}

export interface DecoderOptions<T extends CapturedTable> {
  /** Name of the source in pipeline.yaml. */
  readonly source: string
  readonly epoch: number
  readonly relations: RelationTracker<T>
  readonly sink: ChangeSink<T>
  readonly after?: KnownPosition
}

/**
 * pgoutput, protocol 1, text format: CopyData payloads in, raw records out, in one pass over the bytes (03 C6).
 * Ordinals count row messages from 0, of tables outside the pipeline too; a changed key takes two (03 C10).
 */
export class ChangeDecoder<T extends CapturedTable> {
  readonly #source: string
  readonly #epoch: number
  readonly #relations: RelationTracker<T>
  readonly #sink: ChangeSink<T>
  readonly #after: KnownPosition
  readonly #writer = new ChangeWriter()
  readonly #old = new TupleCutter()
  readonly #next = new TupleCutter()
  #transaction: SourceTransaction | null = null
  #ordinal = 0
  /** Ordinals of this transaction below it are known. */
  #firstNew = 0

  constructor({ source, epoch, relations, sink, after }: DecoderOptions<T>) {
    this.#source = source
    this.#epoch = epoch
    this.#relations = relations
    this.#sink = sink
    this.#after = after ?? { commitLsn: 0n, ordinal: 0, complete: true }
  }

  /** A source transaction has begun and not ended. */
  get inTransaction(): boolean {
    return this.#transaction !== null
  }

  /** Takes one CopyData payload, `buffer[start, end)`; only XLogData is looked at. */
  push(buffer: Buffer, start: number, end: number): void {
    if (buffer[start] !== XLOG_DATA) return
    const at = start + XLOG_HEADER_BYTES
    switch (buffer[at]) {
      case 0x49:
        return this.#insert(buffer, at)
      case 0x55:
        return this.#update(buffer, at)
      case 0x44:
        return this.#delete(buffer, at)
      case 0x42:
        return this.#begin(buffer, at)
      case 0x43:
        return this.#commit(buffer, at)
      case 0x52:
        return this.#relation(buffer, at)
      case 0x54:
        return this.#truncate(buffer, at)
      case 0x4d: // logical message: heartbeats have done their work by being there (03 C5)
        return
      default:
        if (at < end && ORIGIN_MESSAGES.has(buffer[at]!)) return
        throw new HeadraceError(
          'internal.bug',
          `the stream holds a message of unknown type ${buffer[at] ?? 'none'}`,
        )
    }
  }

  #begin(buffer: Buffer, at: number): void {
    const commitLsn = buffer.readBigUInt64BE(at + 1)
    const commitTimeUs = Number(buffer.readBigInt64BE(at + 9)) + POSTGRES_EPOCH_US
    const xid = buffer.readUInt32BE(at + 17)
    const after = this.#after
    this.#transaction = { commitLsn, xid, commitTimeUs }
    this.#ordinal = 0
    this.#firstNew = 0
    if (commitLsn < after.commitLsn || (commitLsn === after.commitLsn && after.complete))
      this.#firstNew = Number.POSITIVE_INFINITY
    else if (commitLsn === after.commitLsn) this.#firstNew = after.ordinal + 1
    if (this.#firstNew === Number.POSITIVE_INFINITY) return
    this.#writer.begin({
      source: this.#source,
      epoch: this.#epoch,
      commitLsn,
      xid,
      commitTimeUs,
      snapshot: false,
    })
  }

  #commit(buffer: Buffer, at: number): void {
    const transaction = this.#open()
    const commitLsn = buffer.readBigUInt64BE(at + 2)
    if (commitLsn !== transaction.commitLsn) {
      throw new HeadraceError(
        'internal.bug',
        `transaction ${formatLsn(transaction.commitLsn)} ends as ${formatLsn(commitLsn)}`,
      )
    }
    this.#transaction = null
    this.#sink.commit(
      transaction,
      buffer.readBigUInt64BE(at + 10),
      this.#firstNew === Number.POSITIVE_INFINITY,
    )
  }

  #relation(buffer: Buffer, at: number): void {
    const relation = this.#relations.describe(readRelation(buffer, at))
    if (relation.table !== undefined) this.#sink.relation(relation, this.#open())
  }

  #insert(buffer: Buffer, at: number): void {
    const relation = this.#relations.get(buffer.readUInt32BE(at + 1))
    const ordinal = this.#count(1)
    if (ordinal < this.#firstNew || relation.table === undefined) return
    this.#next.cut(buffer, at + 6)
    const key = keyOf(relation, buffer, this.#next, null, this.#writer)
    this.#give(relation, Op.INSERT, ordinal, key, buffer, null, this.#next)
  }

  #update(buffer: Buffer, at: number): void {
    const relation = this.#relations.get(buffer.readUInt32BE(at + 1))
    const sent = buffer[at + 5]!
    if (sent !== KEY_TUPLE && sent !== OLD_TUPLE) return this.#updateWithoutOld(relation, buffer, at)
    // also when it is known already: whether the key changed decides how many ordinals it takes
    this.#next.cut(buffer, this.#old.cut(buffer, at + 6) + 1)
    this.#next.fillUnchanged(this.#old, sent === OLD_TUPLE)
    if (relation.table === undefined) return void this.#count(1)
    const oldKey = keyOf(relation, buffer, this.#old, null, this.#writer)
    const key = keyOf(relation, buffer, this.#next, this.#old, this.#writer)
    if (oldKey.equals(key)) {
      const ordinal = this.#count(1)
      if (ordinal >= this.#firstNew) this.#give(relation, Op.UPDATE, ordinal, key, buffer, null, this.#next)
      return
    }
    const ordinal = this.#count(2)
    if (ordinal >= this.#firstNew) this.#giveDelete(relation, ordinal, oldKey, buffer)
    if (ordinal + 1 >= this.#firstNew)
      this.#give(relation, Op.INSERT, ordinal + 1, key, buffer, null, this.#next)
  }

  #updateWithoutOld(relation: Relation<T>, buffer: Buffer, at: number): void {
    const ordinal = this.#count(1)
    if (ordinal < this.#firstNew || relation.table === undefined) return
    this.#next.cut(buffer, at + 6)
    const key = keyOf(relation, buffer, this.#next, null, this.#writer)
    this.#give(relation, Op.UPDATE, ordinal, key, buffer, null, this.#next)
  }

  #delete(buffer: Buffer, at: number): void {
    const relation = this.#relations.get(buffer.readUInt32BE(at + 1))
    const ordinal = this.#count(1)
    if (ordinal < this.#firstNew || relation.table === undefined) return
    this.#old.cut(buffer, at + 6)
    this.#giveDelete(relation, ordinal, keyOf(relation, buffer, this.#old, null, this.#writer), buffer)
  }

  /** The old row goes along only as far as it is needed: its key. */
  #giveDelete(relation: Relation<T>, ordinal: number, key: Buffer, buffer: Buffer): void {
    this.#old.keepOnly(relation.keyIndexes)
    this.#give(relation, Op.DELETE, ordinal, key, buffer, this.#old, null)
  }

  #truncate(buffer: Buffer, at: number): void {
    const count = buffer.readUInt32BE(at + 1)
    for (let index = 0; index < count; index += 1) {
      const relation = this.#relations.get(buffer.readUInt32BE(at + 6 + 4 * index))
      const ordinal = this.#count(1)
      if (ordinal < this.#firstNew || relation.table === undefined) continue
      this.#sink.marker(relation, MarkerKind.TRUNCATE, this.#open(), ordinal)
    }
  }

  #give(
    relation: Relation<T>,
    op: Op,
    ordinal: number,
    key: Buffer,
    buffer: Buffer,
    old: TupleCutter | null,
    next: TupleCutter | null,
  ): void {
    const tooLarge = next === null ? 0 : cutTooLarge(relation, next)
    const value = this.#writer.change(op, ordinal, relation.fingerprintBytes, buffer, old, next, tooLarge)
    const transaction = this.#open()
    const isWhole = next === null || tooLarge > 0
    const incomplete = isWhole ? null : incompleteRow(relation, buffer, next, transaction.xid)
    this.#sink.row(relation, key, value, transaction, ordinal, incomplete, tooLarge)
  }

  #count(ordinals: number): number {
    const ordinal = this.#ordinal
    this.#ordinal += ordinals
    return ordinal
  }

  #open(): SourceTransaction {
    if (this.#transaction === null)
      throw new HeadraceError('internal.bug', 'the stream holds a change outside of a transaction')
    return this.#transaction
  }
}
