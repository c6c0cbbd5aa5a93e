import { HeadraceError } from '@headrace/errors'
import type { Elasticsearch } from './connection.ts'

/** What an index was filled from: another making of the topic needs another index (06 E10). */
export interface IndexIdentity {
  readonly pipeline: string
  readonly view: string
  readonly plan: string
  readonly documentTopic: string
  /** Partition -> id of the topic's making, as its first record says. */
  readonly incarnations: Readonly<Record<string, string>>
}

export interface IndexOptions {
  readonly mappings: Readonly<Record<string, unknown>>
  readonly settings: Readonly<Record<string, string | number>>
  readonly shards: number
  /** `0-1`: one copy as soon as there is a second node. */
  readonly replicas: string
  readonly refreshInterval: string
  /** How long a deleted document's version is remembered (06 E9). */
  readonly gcDeletes: string
}

export interface ViewIndex {
  readonly name: string
  /** ms since 1970, as the server says. */
  readonly createdAtMs: number
  /** Changes when an index of the same name is made again. */
  readonly uuid: string
  /** Alias that bulks go to: gone when the index is gone. */
  readonly writeAlias: string
  readonly created: boolean
  /** The view's alias points to it: searches see it. */
  readonly live: boolean
}

interface IndexMeta extends Partial<IndexIdentity> {
  /** Given up: it may have missed deletes that the topic does not have any more. Another index takes its place. */
  readonly outdated?: boolean
}

/** What an index was filled from, as far as it says so. */
export interface IndexBehind extends IndexMeta {
  readonly createdAtMs: number
  readonly uuid: string
}

interface IndexAnswer {
  readonly aliases?: Readonly<Record<string, unknown>>
  readonly mappings?: { readonly _meta?: IndexMeta }
  readonly settings?: { readonly index: { readonly uuid: string; readonly creation_date: string } }
}

/** Of an answer about indices. */
const LOOKED_AT = '*.aliases,*.mappings._meta,*.settings.index.uuid,*.settings.index.creation_date'

const uuidOf = ({ settings }: IndexAnswer): string => settings?.index.uuid ?? ''

const createdAtMs = ({ settings }: IndexAnswer): number => Number(settings?.index.creation_date ?? 0)

const writeAliasOf = (name: string): string => `${name}-write`

const describeBehind = (index: IndexAnswer): IndexBehind => ({
  ...index.mappings?._meta,
  createdAtMs: createdAtMs(index),
  uuid: uuidOf(index),
})

/** The index was filled from this making of the topic, and may be gone on with. */
const isFilledFrom = (identity: IndexIdentity, meta: IndexMeta): boolean => {
  const given = meta.incarnations ?? {}
  const partitions = Object.entries(identity.incarnations)
  return (
    meta.outdated !== true &&
    meta.documentTopic === identity.documentTopic &&
    Object.keys(given).length === partitions.length &&
    partitions.every(([partition, id]) => given[partition] === id)
  )
}

const numberOf = (name: string): number => Number(/-(\d+)$/.exec(name)?.[1] ?? 0)

/** Indices of a view and the alias that searches go through. */
export class ViewIndices {
  readonly #elasticsearch: Elasticsearch

  constructor(elasticsearch: Elasticsearch) {
    this.#elasticsearch = elasticsearch
  }

  /**
   * The index `<view>-<plan>-<n>` that was filled from this making of the topic; made when there is none. The first index of a view
   * is live at once; a later one is filled beside the live one, with refresh and copies off, until `goLive`.
   */
  async open(identity: IndexIdentity, options: IndexOptions): Promise<ViewIndex> {
    for (;;) {
      const found = await this.#list(`${identity.view}-${identity.plan}-*`)
      const fitting = [...found]
        .filter(([, index]) => isFilledFrom(identity, index.mappings?._meta ?? {}))
        .sort(([a], [b]) => numberOf(b) - numberOf(a))[0]
      if (fitting !== undefined) return this.#describe(fitting[0], fitting[1], identity.view, false)
      const next = Math.max(0, ...[...found.keys()].map(numberOf)) + 1
      const name = `${identity.view}-${identity.plan}-${next}`
      const first = await this.#isFirst(identity)
      // another process may be quicker: then its index is found in the next turn
      if (!(await this.#create(name, identity, options, first))) continue
      const made = (await this.#list(name)).get(name)
      if (made !== undefined) return this.#describe(name, made, identity.view, true)
    }
  }

  #describe(name: string, index: IndexAnswer, view: string, created: boolean): ViewIndex {
    return {
      name,
      createdAtMs: createdAtMs(index),
      uuid: uuidOf(index),
      writeAlias: writeAliasOf(name),
      created,
      live: view in (index.aliases ?? {}),
    }
  }

  async #list(pattern: string): Promise<ReadonlyMap<string, IndexAnswer>> {
    const { status, body } = await this.#elasticsearch.json<Readonly<Record<string, IndexAnswer>>>({
      method: 'GET',
      path: `/${pattern}`,
      query: {
        // a closed index is there as well: another one of its name cannot be made
        expand_wildcards: 'open,closed',
        filter_path: LOOKED_AT,
      },
      accept: [404],
    })
    return new Map(status === 404 ? [] : Object.entries(body))
  }

  /** Names of the indices behind the view's alias, with what they were filled from. */
  async behind(view: string): Promise<ReadonlyMap<string, IndexBehind>> {
    const { status, body } = await this.#elasticsearch.json<Readonly<Record<string, IndexAnswer>>>({
      method: 'GET',
      path: `/${view}`,
      query: { filter_path: LOOKED_AT },
      accept: [404],
    })
    if (status === 404) return new Map()
    if (view in body) {
      throw new HeadraceError('elasticsearch.alias_taken', `an index has the name of the view ${view}`, {
        hint: 'Rename the view or remove the index.',
      })
    }
    return new Map(Object.entries(body).map(([name, index]) => [name, describeBehind(index)]))
  }

  /** Plan and mapping of the index that searches of the view see; undefined: there is none. */
  async liveMapping(
    view: string,
  ): Promise<{ readonly plan?: string; readonly mapping: Readonly<Record<string, unknown>> } | undefined> {
    const { status, body } = await this.#elasticsearch.json<Readonly<Record<string, IndexAnswer>>>({
      method: 'GET',
      path: `/${view}/_mapping`,
      accept: [404],
      timeoutMs: 2_000,
    })
    const [found] = status === 404 ? [] : Object.values(body)
    if (found === undefined) return undefined
    const { _meta: meta, ...mapping } = found.mappings ?? {}
    return { ...(meta?.plan === undefined ? {} : { plan: meta.plan }), mapping }
  }

  /** The index of this name, live or not; undefined when it is gone. */
  async find(name: string): Promise<IndexBehind | undefined> {
    const found = (await this.#list(name)).get(name)
    return found === undefined ? undefined : describeBehind(found)
  }

  /** Gives an index up for all its indexers: `open` finds or makes another one. Searches see it until that is live. */
  async giveUp({ name, uuid }: Pick<ViewIndex, 'name' | 'uuid'>): Promise<void> {
    const found = (await this.#list(name)).get(name)
    // another one of this name is not meant
    if (found?.mappings?._meta === undefined || uuidOf(found) !== uuid) return
    const body = JSON.stringify({ _meta: { ...found.mappings._meta, outdated: true } })
    await this.#elasticsearch.send({ method: 'PUT', path: `/${name}/_mapping`, body, accept: [404] })
  }

  async #isFirst(identity: IndexIdentity): Promise<boolean> {
    const behind = await this.behind(identity.view)
    for (const [name, meta] of behind) {
      if (meta.pipeline === identity.pipeline) continue
      throw new HeadraceError(
        'elasticsearch.alias_taken',
        `the alias ${identity.view} points to ${name}, which belongs to ${meta.pipeline ?? 'nobody we know'}`,
        {
          hint: 'Give the view another name, or remove the alias.',
        },
      )
    }
    return behind.size === 0
  }

  async #create(
    name: string,
    identity: IndexIdentity,
    options: IndexOptions,
    first: boolean,
  ): Promise<boolean> {
    const loading = first
      ? {}
      : {
          'index.refresh_interval': '-1',
          'index.auto_expand_replicas': 'false',
          'index.number_of_replicas': 0,
        }
    const body = {
      settings: {
        'index.number_of_shards': options.shards,
        'index.refresh_interval': options.refreshInterval,
        'index.auto_expand_replicas': options.replicas,
        'index.gc_deletes': options.gcDeletes,
        ...options.settings,
        ...loading,
      },
      mappings: { ...options.mappings, _meta: identity },
      aliases: { [writeAliasOf(name)]: { is_hidden: true }, ...(first ? { [identity.view]: {} } : {}) },
    }
    const { status, text } = await this.#elasticsearch.send({
      method: 'PUT',
      path: `/${name}`,
      body: JSON.stringify(body),
      accept: [400],
    })
    if (status !== 400) return true
    if (text.includes('resource_already_exists_exception')) return false
    throw new HeadraceError(
      'elasticsearch.refused',
      `the index ${name} cannot be made: ${text.slice(0, 400)}`,
    )
  }

  /** Refresh and copies as they should be, then the view's alias moves to this index in one step. The old index stays. */
  async goLive(
    view: string,
    index: ViewIndex,
    options: Pick<IndexOptions, 'replicas' | 'refreshInterval'>,
  ): Promise<void> {
    const settings = {
      'index.refresh_interval': options.refreshInterval,
      'index.auto_expand_replicas': options.replicas,
    }
    await this.#elasticsearch.send({
      method: 'PUT',
      path: `/${index.name}/_settings`,
      body: JSON.stringify(settings),
    })
    await this.refresh(index.name)
    const others = [...(await this.behind(view)).keys()].filter(name => name !== index.name)
    const actions = [
      ...others.map(name => ({ remove: { index: name, alias: view } })),
      { add: { index: index.name, alias: view } },
    ]
    await this.#elasticsearch.send({ method: 'POST', path: '/_aliases', body: JSON.stringify({ actions }) })
  }

  async refresh(target: string): Promise<void> {
    await this.#elasticsearch.send({ method: 'POST', path: `/${target}/_refresh` })
  }

  async count(target: string): Promise<number> {
    const { body } = await this.#elasticsearch.json<{ readonly count: number }>({
      method: 'GET',
      path: `/${target}/_count`,
    })
    return body.count
  }

  async remove(name: string): Promise<void> {
    await this.#elasticsearch.send({ method: 'DELETE', path: `/${name}`, accept: [404] })
  }
}
