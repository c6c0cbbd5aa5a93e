import type { NodeDefinition } from '@headrace/denormalise'
import type { IncomingRecord, Kafka, PartitionReader } from '@headrace/kafka'
import type { CompiledView, Pipeline } from '@headrace/pipeline'

/** Why a row is not in the index: its latest change broke a rule of its contract (04 K7a). */
export interface WithheldRow {
  readonly dataset: string
  /** Record key of the row. */
  readonly key: string
  readonly code: string
  readonly rule: string
  readonly path: string
}

const headerText = ({ headers }: IncomingRecord, name: string): string =>
  headers?.[name]?.toString('utf8') ?? ''

const nodesOf = (node: NodeDefinition): readonly NodeDefinition[] => [
  node,
  ...[...node.lists, ...node.references].flatMap(each => nodesOf(each.node)),
]

/** The datasets of a view, each with one of its nodes. */
export const datasetNodes = (view: CompiledView): ReadonlyMap<string, NodeDefinition> =>
  new Map(nodesOf(view.definition.root).map(node => [node.dataset, node]))

interface TrackedPartition {
  readonly dataset: string
  readonly partition: number
  readonly dead: { readonly topic: string; next: bigint | undefined }
  readonly validated: { readonly topic: string; next: bigint | undefined }
  /** Latest dead letter of each key, and whether a valid record came after it. */
  readonly letters: Map<string, { readonly row: WithheldRow; valid: boolean }>
}

/**
 * Rows of a view that their contracts withhold now. A row is withheld from its dead letter on, until the validated topic has a
 * record of its key that is no tombstone. The validated topic is read only where there are dead letters.
 */
export class WithheldRows {
  readonly #reader: PartitionReader
  readonly #partitions: readonly TrackedPartition[]

  private constructor(kafka: Kafka, { partitions, topics }: Pipeline, datasets: readonly string[]) {
    this.#reader = kafka.reader()
    this.#partitions = datasets.flatMap(dataset =>
      Array.from({ length: partitions }, (_, partition) => ({
        dataset,
        partition,
        dead: { topic: topics.dead(dataset), next: undefined },
        validated: { topic: topics.validated(dataset), next: undefined },
        letters: new Map<string, { readonly row: WithheldRow; valid: boolean }>(),
      })),
    )
  }

  /** A dataset without a dead-letter topic withholds nothing. Undefined: no dataset of the view has one in this Kafka. */
  static async open(kafka: Kafka, pipeline: Pipeline, view: CompiledView): Promise<WithheldRows | undefined> {
    const datasets = [...datasetNodes(view).keys()]
    const described = await Promise.all(
      datasets.map(dataset => kafka.admin.describe(pipeline.topics.dead(dataset))),
    )
    const lettered = datasets.filter((_, at) => described[at] != null)
    if (lettered.length === 0) return undefined
    const withholds = (dataset: string): boolean =>
      pipeline.datasets.get(dataset)?.contract.onInvalid === 'withhold'
    return new WithheldRows(kafka, pipeline, lettered.filter(withholds))
  }

  /** Reads what came since the last call; the first reads everything. */
  async refresh(): Promise<void> {
    for (const tracked of this.#partitions) {
      const { dataset, partition, letters } = tracked
      await this.#read(tracked.dead, partition, (key, record) => {
        // of a document: its rows are not withheld
        if (headerText(record, 'dead.view') !== '') return
        const row = {
          dataset,
          key,
          code: headerText(record, 'dead.code'),
          rule: headerText(record, 'dead.rule'),
          path: headerText(record, 'dead.path'),
        }
        letters.set(key, { row, valid: false })
      })
      if (letters.size === 0) continue
      await this.#read(tracked.validated, partition, (key, { value }) => {
        const letter = letters.get(key)
        if (letter !== undefined) letter.valid = value !== null
      })
    }
  }

  /** By dataset. */
  rows(): ReadonlyMap<string, readonly WithheldRow[]> {
    const found = new Map<string, WithheldRow[]>()
    for (const { dataset, letters } of this.#partitions) {
      const rows = found.get(dataset) ?? []
      for (const { row, valid } of letters.values()) if (!valid) rows.push(row)
      found.set(dataset, rows)
    }
    return found
  }

  stop(): Promise<void> {
    return this.#reader.stop()
  }

  async #read(
    at: { readonly topic: string; next: bigint | undefined },
    partition: number,
    take: (key: string, record: IncomingRecord) => void,
  ): Promise<void> {
    const from = at.next ?? (await this.#reader.bounds(at.topic, partition)).start
    at.next = from
    for await (const { records, next } of this.#reader.readToEnd(at.topic, partition, from)) {
      for (const record of records) if (record.key !== null) take(record.key.toString('utf8'), record)
      at.next = next
    }
  }
}
