import type { ViewIndices } from '@headrace/elasticsearch'
import type { CompiledView } from '@headrace/pipeline'
import { buildMapping, differingFields, missingFields, type SearchRequest } from '@headrace/search-model'
import { SearchError } from './search-error.ts'

const LOOK_EVERY_MS = 2_000
/** A search does not go by what was seen longer ago. */
const LONGEST_KNOWN_MS = 10_000

interface Verdict {
  /** When the last look that succeeded began. */
  asOfMs: number
  differing: ReadonlySet<string>
  looking: Promise<void> | undefined
}

const NONE: ReadonlySet<string> = new Set()

/**
 * What the index behind a view's alias has. While the index of a changed view is filled, searches see the one of the plan before:
 * a field that is new would be silently empty there, or an error of Elasticsearch.
 */
export class LiveIndex {
  readonly #indices: Pick<ViewIndices, 'liveMapping'>
  readonly #now: () => number
  readonly #verdicts = new Map<string, Verdict>()

  constructor(indices: Pick<ViewIndices, 'liveMapping'>, now: () => number = () => performance.now()) {
    this.#indices = indices
    this.#now = now
  }

  /** Throws `search.not_ready` when the request looks at fields that the live index does not have as the view has them. */
  async refuseMissing(view: CompiledView, request: SearchRequest): Promise<void> {
    const differing = await this.#differing(view)
    if (differing.size === 0) return
    const missing = missingFields(view.shape, request, differing)
    if (missing.length === 0) return
    throw new SearchError(
      503,
      'search.not_ready',
      `the live index of ${view.name} was made for another definition of the view; missing in it, or of another type: ${missing.join(', ')}`,
      [],
      'The index of this definition is being filled; ask again when its indexer has made it live.',
    )
  }

  /** As of the last look while it is recent. Another look is waited for; where it fails, what was seen last still counts. */
  async #differing(view: CompiledView): Promise<ReadonlySet<string>> {
    const verdict = this.#verdicts.get(view.name) ?? {
      asOfMs: -Infinity,
      differing: NONE,
      looking: undefined,
    }
    this.#verdicts.set(view.name, verdict)
    const ageMs = this.#now() - verdict.asOfMs
    if (ageMs >= LOOK_EVERY_MS) verdict.looking ??= this.#renew(view, verdict)
    if (ageMs > LONGEST_KNOWN_MS) await verdict.looking
    return verdict.differing
  }

  /** Never rejects: what is wrong with Elasticsearch is told by the search itself. */
  async #renew(view: CompiledView, verdict: Verdict): Promise<void> {
    const beganMs = this.#now()
    try {
      verdict.differing = await this.#look(view)
      verdict.asOfMs = beganMs
    } catch {
      // the next request looks again
    } finally {
      verdict.looking = undefined
    }
  }

  async #look({ name, plan, shape }: CompiledView): Promise<ReadonlySet<string>> {
    const live = await this.#indices.liveMapping(name)
    if (live === undefined || live.plan === plan) return NONE
    return differingFields(buildMapping(shape).mappings, live.mapping)
  }
}
