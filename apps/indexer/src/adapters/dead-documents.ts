import { HeadraceError } from '@headrace/errors'
import type { FencedWriter, Kafka, OutgoingRecord } from '@headrace/kafka'
import { type CompiledView, type Pipeline, topicSizes } from '@headrace/pipeline'
import { type Contract, deadLetterHeaders } from '@headrace/validation'

/** A record of the document topic that is not in the index as it is. */
export interface DeadDocument {
  readonly key: string
  readonly partition: number
  readonly offset: bigint
  /** `type: words`, without values of the document. */
  readonly reason: string
}

export interface DeadDocumentsOptions {
  readonly kafka: Kafka
  readonly pipeline: Pipeline
  readonly view: CompiledView
  /** Stable name of this process. */
  readonly instance: string
}

const RULE = /^[a-z_]+(?=: )/

/**
 * Keys of documents that Elasticsearch refused, as dead letters of the view's root dataset (04 K11, K12). They are written before
 * their offset is committed: a kill between may write them twice, with the same `dead.id`.
 */
export class DeadDocuments {
  readonly #options: DeadDocumentsOptions
  readonly #contract: Contract
  #writer: FencedWriter | undefined
  /** The lanes of all partitions write, and transactions may not overlap. */
  #last: Promise<void> = Promise.resolve()

  constructor(options: DeadDocumentsOptions) {
    this.#options = options
    const { dataset } = options.view.definition.root
    const found = options.pipeline.datasets.get(dataset)
    if (found === undefined)
      throw new HeadraceError('internal.bug', `a view names dataset ${dataset}, which the pipeline has not`)
    this.#contract = found.contract
  }

  write(documents: readonly DeadDocument[]): Promise<void> {
    const written = this.#last.then(() => this.#write(documents))
    this.#last = written.catch(() => undefined)
    return written
  }

  async stop(): Promise<void> {
    await this.#last
    await this.#writer?.stop()
    this.#writer = undefined
  }

  async #write(documents: readonly DeadDocument[]): Promise<void> {
    const { kafka, pipeline, view, instance } = this.#options
    // rejections are rare: most processes never need a writer
    this.#writer ??= await kafka.writer({
      name: `${pipeline.name}.indexer.${view.name}.${instance}`,
      maxRecordBytes: topicSizes(pipeline.limits).topics.dead,
    })
    const failedAt = Date.now()
    await this.#writer.write({ records: documents.map(document => this.#letter(document, failedAt)) })
  }

  #letter({ key, partition, offset, reason }: DeadDocument, failedAt: number): OutgoingRecord {
    const { pipeline, view } = this.#options
    const topic = pipeline.topics.documents(view.name, view.plan)
    const rule = RULE.exec(reason)?.[0] ?? 'document'
    const headers = deadLetterHeaders({
      id: `${topic}/${partition}/${offset}`,
      code: 'sink.rejected',
      rule,
      path: '',
      message: reason,
      contract: this.#contract,
      view,
      source: { topic, partition, offset },
      failedAt,
    })
    return {
      topic: pipeline.topics.dead(this.#contract.dataset),
      partition,
      key: Buffer.from(key),
      value: null,
      headers,
    }
  }
}
