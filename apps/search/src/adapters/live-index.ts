import type { ViewIndices } from '@headrace/elasticsearch'
import type { CompiledView } from '@headrace/pipeline'
import { buildMapping, differingFields, indexPaths, type SearchRequest } from '@headrace/search-model'
import { SearchError } from './search-error.ts'

const LOOK_EVERY_MS = 2_000

interface Look {
  atMs: number
  differing: Promise<ReadonlySet<string>>
}

const NONE: ReadonlySet<string> = new Set()

/**
 * What the index behind a view's alias has. While the index of a changed view is filled, searches see the one of the plan before:
 * a field that is new would be silently empty there, or an error of Elasticsearch.
 */
export class LiveIndex {
  readonly #indices: Pick<ViewIndices, 'liveMapping'>
  readonly #now: () => number
  readonly #looks = new Map<string, Look>()

  constructor(indices: Pick<ViewIndices, 'liveMapping'>, now: () => number = () => performance.now()) {
    this.#indices = indices
    this.#now = now
  }

  /** Throws `search.not_ready` when the request looks at fields that the live index does not have as the view has them. */
  async refuseMissing(view: CompiledView, request: SearchRequest): Promise<void> {
    const differing = await this.#differing(view)
    if (differing.size === 0) return
    const missing = [...indexPaths(view.shape, request)].flatMap(([path, indexed]) =>
      [...indexed].some(each => differing.has(each)) ? [path] : [],
    )
    if (missing.length === 0) return
    throw new SearchError(
      503,
      'search.not_ready',
      `the live index of ${view.name} was made for another definition of the view; missing in it, or of another type: ${missing.join(', ')}`,
      [],
      'The index of this definition is being filled; ask again when its indexer has made it live.',
    )
  }

  /** As of the last look; only the first one is waited for. */
  #differing(view: CompiledView): Promise<ReadonlySet<string>> {
    const atMs = this.#now()
    const known = this.#looks.get(view.name)
    if (known !== undefined && atMs - known.atMs < LOOK_EVERY_MS) return known.differing
    // what is wrong with Elasticsearch is told by the search itself
    const found = this.#look(view).catch(() => NONE)
    if (known === undefined) {
      this.#looks.set(view.name, { atMs, differing: found })
      return found
    }
    known.atMs = atMs
    void found.then(() => (known.differing = found))
    return known.differing
  }

  async #look({ name, plan, shape }: CompiledView): Promise<ReadonlySet<string>> {
    const live = await this.#indices.liveMapping(name)
    if (live === undefined || live.plan === plan) return NONE
    return differingFields(buildMapping(shape).mappings, live.mapping)
  }
}
