import type { OutgoingRecord } from '@headrace/kafka'
import type { Pipeline } from '@headrace/pipeline'
import type { Random } from '@headrace/testkit'
import { deriveMessage } from '@headrace/validation'
import {
  compileRowEncoder,
  frame,
  Marker,
  MARKER_SCHEMA_ID,
  markerKey,
  type MarkerKind,
  type MessageSchema,
  Op,
  Origin,
  partitionOf,
  recordKey,
  schemaId,
} from '@headrace/wire'

/** Column texts as Postgres prints them. */
type Texts = Readonly<Record<string, string | null>>

/** What the validator writes for a row of a dataset, by hand. */
export class TypedWriter {
  private readonly schema: MessageSchema
  private readonly topic: string
  private readonly partitions: number

  constructor({ datasets, topics, partitions }: Pipeline, dataset: string) {
    this.schema = deriveMessage(datasets.get(dataset)!.contract)
    this.topic = topics.validated(dataset)
    this.partitions = partitions
  }

  /** `unchanged`: columns that were not sent, as those of a large value that was gone when capture read it (03 C9c). */
  record(
    op: Op,
    id: string,
    texts: Texts,
    lsn: bigint,
    {
      ordinal = 0,
      unchanged = [],
    }: { readonly ordinal?: number; readonly unchanged?: readonly string[] } = {},
  ): OutgoingRecord {
    const origin = Origin.encode({
      source: 'main',
      epoch: 1,
      commitLsn: lsn,
      ordinal,
      xid: 1,
      commitTimeUs: BigInt(Date.now()) * 1000n,
      op,
      snapshot: false,
      repair: false,
      traceId: '',
      contractVersion: '',
      unchanged: [...unchanged],
    }).finish()
    // the encoder begins each row with what stands before it; ours is added by `frame`
    const encoder = compileRowEncoder(this.schema, Buffer.alloc(0))
    encoder.begin(origin)
    this.schema.fields.forEach((field, index) => {
      const isSent = op !== Op.DELETE && !unchanged.includes(field.name)
      const text = field.name === 'id' ? id : isSent ? (texts[field.name] ?? null) : null
      if (text !== null && encoder.write(index, Buffer.from(text)) !== undefined)
        throw new Error(`${field.name}: ${text}`)
    })
    return { ...this.address(id), value: frame(schemaId(this.schema), encoder.finish()) }
  }

  tombstone(id: string): OutgoingRecord {
    return { ...this.address(id), value: null }
  }

  /** A truncate or sweep marker: one in every partition. */
  markers(kind: MarkerKind, lsn: bigint): OutgoingRecord[] {
    const position = { epoch: 1, commitLsn: lsn, ordinal: 0 }
    const marker: Marker = { kind, position, writer: '', incarnation: '' }
    const value = frame(MARKER_SCHEMA_ID, Marker.encode(marker).finish())
    return Array.from({ length: this.partitions }, (_, partition) => ({
      topic: this.topic,
      partition,
      key: markerKey(marker),
      value,
    }))
  }

  private address(id: string): { topic: string; partition: number; key: Buffer } {
    const key = recordKey([id])
    return { topic: this.topic, partition: partitionOf(key, this.partitions), key: Buffer.from(key) }
  }
}

interface Child {
  readonly parent: number | null
  readonly class: string | null
  readonly rank: number | null
  readonly hidden: string | null
  readonly note: string | null
}

interface Parent {
  readonly title: string | null
  readonly extra: unknown
}

const text = (value: number | string | null): string | null => (value === null ? null : String(value))

/** Two tables that change at random, the records their changes give, and the documents they should give. */
export class SourceTables {
  readonly parents = new Map<number, Parent>()
  readonly children = new Map<number, Child>()
  private readonly parentWriter: TypedWriter
  private readonly childWriter: TypedWriter
  private readonly random: Random
  private readonly sizes: { readonly parents: number; readonly children: number }
  private lsn = 1000n

  constructor(
    pipeline: Pipeline,
    random: Random,
    sizes: { readonly parents: number; readonly children: number },
  ) {
    this.parentWriter = new TypedWriter(pipeline, 'parent')
    this.childWriter = new TypedWriter(pipeline, 'child')
    this.random = random
    this.sizes = sizes
  }

  /** `count` random changes: inserts, updates, moves, no-ops, deletes, re-inserts. */
  change(count: number): OutgoingRecord[] {
    return Array.from({ length: count }, () =>
      this.random.chance(0.25) ? this.changeParent() : this.changeChild(),
    ).flat()
  }

  private changeParent(): OutgoingRecord[] {
    const { random, parents } = this
    const id = random.int(1, this.sizes.parents)
    if (parents.has(id) && random.chance(0.2)) {
      parents.delete(id)
      return this.deletion(this.parentWriter, id)
    }
    const parent = {
      title: random.pick([null, 'a', 'ü "quoted"', `t${random.int(0, 1000)}`]),
      extra: random.pick([null, {}, { a: [1, 2] }]),
    }
    parents.set(id, parent)
    const extra = parent.extra === null ? null : JSON.stringify(parent.extra)
    return [
      this.parentWriter.record(
        Op.UPDATE,
        String(id),
        { title: parent.title, extra, changed_at: '2024-01-02 03:04:05.5+00' },
        ++this.lsn,
      ),
    ]
  }

  private changeChild(): OutgoingRecord[] {
    const { random, children } = this
    const id = random.int(1, this.sizes.children)
    const old = children.get(id)
    if (old !== undefined && random.chance(0.15)) {
      children.delete(id)
      return this.deletion(this.childWriter, id)
    }
    const fresh: Child = {
      parent: random.chance(0.1) ? null : random.int(1, this.sizes.parents),
      class: random.pick(['car', 'truck', 'pedestrian', null]),
      rank: random.pick([null, 1, 2, 10, -5]),
      hidden: random.chance(0.1) ? 'yes' : null,
      note: null,
    }
    // half of the updates stay where they are; some change only what no document shows
    const child =
      old !== undefined && random.chance()
        ? { ...(random.chance(0.3) ? old : fresh), parent: old.parent, note: random.pick(['x', 'y']) }
        : fresh
    children.set(id, child)
    return [this.childWriter.record(Op.UPDATE, String(id), this.childTexts(child), ++this.lsn)]
  }

  private childTexts(child: Child): Texts {
    return {
      parent_id: text(child.parent),
      class: child.class,
      rank: text(child.rank),
      hidden: child.hidden,
      note: child.note,
    }
  }

  private deletion(writer: TypedWriter, id: number): OutgoingRecord[] {
    return [writer.record(Op.DELETE, String(id), {}, ++this.lsn), writer.tombstone(String(id))]
  }

  /** Every document as it should be, by key: computed from the tables, nothing shared with the engine. */
  documents(): Map<string, unknown> {
    return new Map([...this.parents].map(([id, parent]) => [String(id), this.documentOf(id, parent)]))
  }

  private documentOf(id: number, { title, extra }: Parent): unknown {
    const children = [...this.children]
      .filter(([, child]) => child.parent === id && child.hidden === null)
      .sort(([a, x], [b, y]) => (x.rank ?? Infinity) - (y.rank ?? Infinity) || a - b || 0)
    const counts: Record<string, number> = {}
    for (const [, child] of children)
      if (child.class !== null) counts[child.class] = (counts[child.class] ?? 0) + 1
    return {
      id,
      title,
      extra,
      changed_at: '2024-01-02T03:04:05.5+00:00',
      children: children.map(([childId, child]) => ({ id: childId, class: child.class, rank: child.rank })),
      summary: { count: children.length, class_count: counts },
    }
  }
}
