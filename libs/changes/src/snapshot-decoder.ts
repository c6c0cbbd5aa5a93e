import { Op } from '@headrace/wire'
import { ChangeWriter } from './change-writer.ts'
import { cutCopyRow } from './copy-cutter.ts'
import { keyOf } from './key-reader.ts'
import type { CapturedTable, Relation } from './relation.ts'
import { cutTooLarge } from './too-large-row.ts'
import { TupleCutter } from './tuple-cutter.ts'

export interface SnapshotDecoderOptions {
  /** Name of the source in pipeline.yaml. */
  readonly source: string
  readonly epoch: number
  /** LSN of the position that all rows of the snapshot have (snapshotLsn). */
  readonly lsn: bigint
}

/**
 * LSN of a snapshot's rows in the order of changes. The first streamed transaction may begin its commit record exactly
 * at the slot's consistent point, and it must come after the snapshot whatever the ordinals are; records begin at
 * multiples of eight, so one less stands between all that the snapshot has seen and all that is streamed.
 */
export const snapshotLsn = (consistentLsn: bigint): bigint => consistentLsn - 1n

/** Rows of `COPY ... TO STDOUT` (text format) to raw records: OP_INSERT, Origin.snapshot. */
export class SnapshotDecoder<T extends CapturedTable> {
  readonly #writer = new ChangeWriter()
  readonly #tuple = new TupleCutter()

  constructor({ source, epoch, lsn }: SnapshotDecoderOptions) {
    this.#writer.begin({ source, epoch, commitLsn: lsn, xid: 0, commitTimeUs: 0, snapshot: true })
  }

  /** One CopyData payload, `buffer[start, end)`: its columns are those of the relation, in order. Changes the buffer. */
  row(
    relation: Relation<T>,
    buffer: Buffer,
    start: number,
    end: number,
    ordinal: number,
  ): { readonly key: Buffer; readonly value: Buffer; readonly tooLargeBytes: number } {
    cutCopyRow(buffer, start, end, relation.description.columns.length, this.#tuple)
    const key = keyOf(relation, buffer, this.#tuple, null, this.#writer)
    const tooLargeBytes = cutTooLarge(relation, this.#tuple)
    const value = this.#writer.change(
      Op.INSERT,
      ordinal,
      relation.fingerprintBytes,
      buffer,
      null,
      this.#tuple,
      tooLargeBytes,
    )
    return { key, value, tooLargeBytes }
  }
}
