import { HeadraceError, unreachable } from '@headrace/errors'
import type { OutgoingRecord } from '@headrace/kafka'
import { type Dataset, type Pipeline, type SizeLimits, topicSizes } from '@headrace/pipeline'
import {
  type BoundValidator,
  compileValidator,
  deriveMessage,
  type Outcome,
  type Rejection,
} from '@headrace/validation'
import {
  frame,
  isMarkerKey,
  Marker,
  MARKER_SCHEMA_ID,
  markerKey,
  MarkerKind,
  type MessageSchema,
  Op,
  RawRecord,
  type RelationDescription,
  type RowChange,
  schemaId,
} from '@headrace/wire'
import { deadLetter, type SourceRecord } from '../adapters/dead-letter.ts'
import type { TurnCounts } from '../events.ts'

/** A record that cannot be judged before the description of its relation is known. */
export interface NeedsRelation {
  readonly needs: bigint
}

const FRAME = frame(0, new Uint8Array(0))

const framePrefix = (schema: MessageSchema): Buffer => {
  const prefix = Buffer.from(FRAME)
  prefix.writeUInt32BE(schemaId(schema), 1)
  return prefix
}

const newCounts = (dataset: string): TurnCounts => ({
  dataset,
  valid: 0,
  deleted: 0,
  withheld: 0,
  markers: 0,
  dead: new Map(),
})

/** Everything one dataset needs: its contract as closures and what they make of raw records. */
export class DatasetStep {
  readonly dataset: string
  readonly rawTopic: string
  readonly schema: MessageSchema
  readonly #contract: Dataset['contract']
  readonly #validatedTopic: string
  readonly #deadTopic: string
  readonly #validator: ReturnType<typeof compileValidator>
  readonly #bound = new Map<bigint, BoundValidator>()
  readonly #relation: (fingerprint: bigint) => RelationDescription | undefined
  readonly #now: () => number
  readonly #limits: SizeLimits
  readonly #typedRowBytes: number
  counts: TurnCounts

  constructor(
    { topics, limits }: Pipeline,
    { name, contract }: Dataset,
    relation: (fingerprint: bigint) => RelationDescription | undefined,
    now: () => number,
  ) {
    this.dataset = name
    this.rawTopic = topics.raw(name)
    this.#validatedTopic = topics.validated(name)
    this.#deadTopic = topics.dead(name)
    this.#contract = contract
    this.schema = deriveMessage(contract)
    this.#validator = compileValidator(contract, framePrefix(this.schema))
    this.#relation = relation
    this.#now = now
    this.#limits = limits
    this.#typedRowBytes = topicSizes(limits).typedRowBytes
    this.counts = newCounts(name)
  }

  get unenforced(): number {
    return this.#contract.unenforced.length
  }

  resetCounts(): void {
    this.counts = newCounts(this.dataset)
  }

  /** Judges one raw record and adds what it becomes to `out`. Nothing is added when it asks for a relation. */
  take(source: SourceRecord, out: OutgoingRecord[]): NeedsRelation | undefined {
    const { key, value } = source.record
    if (value === null) {
      this.#tombstone(source, out)
      return undefined
    }
    const decoded = decodeRaw(value)
    if (decoded === undefined) return this.#reject(source, undefined, UNREADABLE, out)
    switch (decoded.$case) {
      case 'marker':
        this.#marker(decoded.value, source.partition, out)
        return undefined
      case 'event':
        return this.#reject(source, undefined, NO_EVENTS, out)
      case 'change':
        return isMarkerKey(key)
          ? this.#reject(source, undefined, UNREADABLE, out)
          : this.#change(decoded.value, source, out)
      default:
        return unreachable(decoded)
    }
  }

  #change(change: RowChange, source: SourceRecord, out: OutgoingRecord[]): NeedsRelation | undefined {
    const bound = this.#bind(change.relation)
    if (bound === undefined) return { needs: change.relation }
    if (change.origin?.op === Op.DELETE) {
      this.counts.deleted++
      this.#delete(bound, change, source, out)
      return undefined
    }
    const outcome = this.#judge(bound, change)
    switch (outcome.kind) {
      case 'valid':
        this.counts.valid++
        out.push(this.#output(source, outcome.value))
        return undefined
      case 'dead':
        return this.#reject(source, { bound, change }, outcome, out)
      default:
        return unreachable(outcome)
    }
  }

  /** What capture or the typed topic cannot carry is a matter of the row, as a broken rule is (04 K12). */
  #judge(bound: BoundValidator, change: RowChange): Outcome {
    if (change.tooLargeBytes > 0)
      return tooLarge('limits.rowBytes', change.tooLargeBytes, this.#limits.rowBytes)
    const outcome = bound.judge(change)
    if (outcome.kind !== 'valid' || outcome.value.length <= this.#typedRowBytes) return outcome
    return tooLarge('typed row', outcome.value.length, this.#typedRowBytes)
  }

  #bind(fingerprint: bigint): BoundValidator | undefined {
    const bound = this.#bound.get(fingerprint)
    if (bound !== undefined) return bound
    const relation = this.#relation(fingerprint)
    if (relation === undefined) return undefined
    const fresh = this.#validator.bind(relation)
    this.#bound.set(fingerprint, fresh)
    return fresh
  }

  /** Dead letter, and with `withhold` the row's deletion downstream: an old truth must not stand (04 K7a). */
  #reject(
    source: SourceRecord,
    row: { readonly bound: BoundValidator; readonly change: RowChange } | undefined,
    rejection: Rejection,
    out: OutgoingRecord[],
  ): undefined {
    const { dead } = this.counts
    dead.set(rejection.code, (dead.get(rejection.code) ?? 0) + 1)
    out.push(deadLetter(this.#deadTopic, this.#contract, source, rejection, this.#now()))
    if (row === undefined || row.change.origin === undefined || this.#contract.onInvalid === 'keepLast')
      return undefined
    this.counts.withheld++
    this.#delete(row.bound, row.change, source, out)
    return undefined
  }

  #delete(bound: BoundValidator, change: RowChange, source: SourceRecord, out: OutgoingRecord[]): void {
    out.push(this.#output(source, bound.deletion(change)), this.#output(source, null))
  }

  /** The DELETE before it has brought its own tombstone; another one changes nothing and keeps whoever writes raw topics free. */
  #tombstone(source: SourceRecord, out: OutgoingRecord[]): void {
    out.push(this.#output(source, null))
  }

  /** Markers pass, re-framed. An incarnation is the raw topic's own: the validated topic has another. */
  #marker(marker: Marker, partition: number, out: OutgoingRecord[]): void {
    if (marker.kind === MarkerKind.INCARNATION) return
    this.counts.markers++
    const value = frame(MARKER_SCHEMA_ID, Marker.encode(marker).finish())
    out.push({ topic: this.#validatedTopic, partition, key: markerKey(marker), value })
  }

  #output({ partition, record }: SourceRecord, value: Buffer | null): OutgoingRecord {
    if (record.key === null)
      throw new HeadraceError('decode.payload', 'a raw record has no key', { where: this.rawTopic })
    return { topic: this.#validatedTopic, partition, key: Buffer.from(record.key), value }
  }
}

const tooLarge = (rule: string, bytes: number, limit: number): Rejection => ({
  kind: 'dead',
  code: 'edge.too_large',
  rule,
  path: '',
  message: `the row has ${bytes} bytes, the limit is ${limit}`,
})

const UNREADABLE: Rejection = {
  kind: 'dead',
  code: 'decode.payload',
  rule: 'envelope',
  path: '',
  message: 'the value is no RawRecord, or has no content',
}

const NO_EVENTS: Rejection = { ...UNREADABLE, message: 'the dataset takes changes of a table, not events' }

const decodeRaw = (value: Buffer): RawRecord['record'] => {
  try {
    return RawRecord.decode(value).record
  } catch {
    return undefined
  }
}
