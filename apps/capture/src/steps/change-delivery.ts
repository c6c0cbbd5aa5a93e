import type { ChangeSink, IncompleteRow, Relation, SourceTransaction } from '@headrace/changes'
import { HeadraceError } from '@headrace/errors'
import { type MarkerKind, partitionOf } from '@headrace/wire'
import { noteTooLarge, type SourceTable } from '../adapters/captured-table.ts'
import { markerRecords, relationRecord } from '../adapters/raw-records.ts'
import type { Delivery } from './delivery.ts'

export interface ChangeDeliveryOptions {
  readonly delivery: Delivery
  readonly relationsTopic: string
  readonly partitions: number
  readonly epoch: number
  /** A table was described, perhaps as it was before; `xid`: of the transaction that did so, where the stream tells it. */
  readonly described?: (xid?: number) => void
  /** A transaction of the source ended. */
  readonly ended?: () => void
}

/** Changes to records of the raw topics; a table's description goes before its first row, in the same transaction at the latest (03 C8). */
export class ChangeDelivery implements ChangeSink<SourceTable> {
  readonly #options: ChangeDeliveryOptions
  readonly #described = new Set<bigint>()
  #hasRows = false
  /** Commit time of the newest change, microseconds since 1970-01-01 UTC. */
  newestCommitUs = 0

  constructor(options: ChangeDeliveryOptions) {
    this.#options = options
  }

  relation({ description }: Relation<SourceTable>, transaction?: SourceTransaction): void {
    this.#options.described?.(transaction?.xid)
    if (this.#described.has(description.fingerprint)) return
    this.#described.add(description.fingerprint)
    this.#options.delivery.add(relationRecord(this.#options.relationsTopic, description))
  }

  row(
    relation: Relation<SourceTable>,
    key: Buffer,
    value: Buffer,
    transaction: SourceTransaction,
    ordinal: number,
    incomplete: IncompleteRow<SourceTable> | null,
    tooLargeBytes: number,
  ): void {
    const { delivery, partitions } = this.#options
    const table = relation.table!
    if (tooLargeBytes > 0) noteTooLarge(table, tooLargeBytes)
    if (incomplete !== null && table.toast === 'fail') throw toastUnchanged(incomplete)
    table.pending += 1
    this.#hasRows = true
    this.newestCommitUs = transaction.commitTimeUs
    delivery.progress.at(transaction.commitLsn, ordinal)
    delivery.add({ topic: table.topic, partition: partitionOf(key, partitions), key, value }, incomplete)
  }

  /** A row of the first load. */
  loaded(relation: Relation<SourceTable>, key: Buffer, value: Buffer, lsn: bigint, ordinal: number): void {
    const { delivery, partitions } = this.#options
    const table = relation.table!
    table.pending += 1
    delivery.progress.at(lsn, ordinal)
    delivery.add({ topic: table.topic, partition: partitionOf(key, partitions), key, value })
  }

  marker(
    relation: Relation<SourceTable>,
    kind: MarkerKind,
    transaction: SourceTransaction,
    ordinal: number,
  ): void {
    this.#hasRows = true
    this.#options.delivery.progress.at(transaction.commitLsn, ordinal)
    this.mark(relation.table!, kind, transaction.commitLsn, ordinal)
  }

  /** A marker in every partition of a table's topic. */
  mark(table: SourceTable, kind: MarkerKind, commitLsn: bigint, ordinal: number): void {
    const { delivery, partitions, epoch } = this.#options
    for (const record of markerRecords(table.topic, partitions, kind, { epoch, commitLsn, ordinal }))
      delivery.add(record)
  }

  commit(transaction: SourceTransaction, endLsn: bigint, _known: boolean): void {
    this.#options.delivery.progress.ended(transaction.commitLsn, endLsn)
    if (this.#hasRows) this.#options.delivery.ended()
    this.#hasRows = false
    this.#options.ended?.()
  }
}

const toastUnchanged = ({ relation, columns }: IncompleteRow<SourceTable>): HeadraceError => {
  const names = columns.map(column => `"${relation.description.columns[column]?.name ?? column}"`)
  const words = `an update left out ${names.join(', ')}, unchanged large values, and the pipeline says toast: fail`
  return new HeadraceError('capture.toast_unchanged', words, {
    where: relation.table?.label ?? relation.description.table,
    hint: 'Set `toast: reselect` or `toast: full` for the table in pipeline.yaml.',
  })
}
