import { BulkWriter, Elasticsearch, type ViewIndex, ViewIndices } from '@headrace/elasticsearch'
import type { CompiledView, Pipeline } from '@headrace/pipeline'
import { connect, type PostgresSession } from '@headrace/postgres'
import { buildMapping, compileIndexBody } from '@headrace/search-model'
import { ExpectedDocuments, oracleTables } from '../verify/expected-documents.ts'

/** The index of a view, filled from SQL instead of by the services. */
export class HandMadeIndex {
  readonly elasticsearch: Elasticsearch
  readonly session: PostgresSession
  readonly index: ViewIndex
  readonly #expected: ExpectedDocuments
  readonly #bulk: BulkWriter
  readonly #body: ReturnType<typeof compileIndexBody>
  #version = 0n
  #last: Promise<void> = Promise.resolve()

  private constructor(
    elasticsearch: Elasticsearch,
    session: PostgresSession,
    index: ViewIndex,
    pipeline: Pipeline,
    view: CompiledView,
  ) {
    this.elasticsearch = elasticsearch
    this.session = session
    this.index = index
    this.#expected = new ExpectedDocuments(session, view.definition, oracleTables(pipeline))
    this.#bulk = new BulkWriter({ elasticsearch })
    this.#body = compileIndexBody(view.shape)
  }

  static async open(
    pipeline: Pipeline,
    view: CompiledView,
    postgresUrl: string,
    elasticsearchUrl: string,
  ): Promise<HandMadeIndex> {
    const elasticsearch = new Elasticsearch({ url: elasticsearchUrl })
    const identity = {
      pipeline: pipeline.name,
      view: view.name,
      plan: view.plan,
      documentTopic: 'none',
      incarnations: { 0: 'one' },
    }
    const index = await new ViewIndices(elasticsearch).open(identity, {
      ...buildMapping(view.shape),
      shards: 1,
      replicas: '0-1',
      refreshInterval: '200ms',
      gcDeletes: '1h',
    })
    return new HandMadeIndex(elasticsearch, await connect({ url: postgresUrl }), index, pipeline, view)
  }

  /** All documents. */
  async fill(): Promise<void> {
    for await (const chunk of this.#expected.all()) {
      await this.#write(chunk.map(({ key, document }) => ({ key, source: document })))
    }
    await new ViewIndices(this.elasticsearch).refresh(this.index.name)
  }

  /** Documents of these keys as their rows are now; those without rows are removed. One after the other: none overtakes. */
  follow(keys: readonly string[]): Promise<void> {
    this.#last = this.#last.then(async () => {
      const found = await this.#expected.ofKeys(keys)
      await this.#write(keys.map(key => ({ key, source: found.get(key)?.document })))
    })
    return this.#last
  }

  /** Any document; without source it is removed. */
  async put(key: string, source: string | undefined): Promise<void> {
    await this.#write([{ key, source }])
    await new ViewIndices(this.elasticsearch).refresh(this.index.name)
  }

  async #write(
    documents: readonly { readonly key: string; readonly source: string | undefined }[],
  ): Promise<void> {
    const items = documents.map(({ key, source }) => {
      const version = ++this.#version
      return source === undefined
        ? ({ kind: 'delete', id: key, version } as const)
        : ({ kind: 'index', id: key, version, body: this.#body({ key, source, side: '' }) } as const)
    })
    await this.#bulk.write(this.index.writeAlias, items, new AbortController().signal)
  }

  async drop(): Promise<void> {
    await this.#last
    await new ViewIndices(this.elasticsearch).remove(this.index.name)
    await this.session.stop()
    await this.elasticsearch.close()
  }
}
