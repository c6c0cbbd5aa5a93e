import type { ViewIndices } from '@headrace/elasticsearch'
import type { CompiledView } from '@headrace/pipeline'
import {
  buildMapping,
  type DocumentShape,
  parseQuery,
  resolveExpression,
  type SearchRequest,
  type ShapeField,
} from '@headrace/search-model'
import { describe, expect, it } from '@jest/globals'
import { LiveIndex } from './live-index.ts'

const text = (name: string): ShapeField => ({
  kind: 'value',
  name,
  type: { kind: 'text', dimensions: 0 },
  text: false,
})
const shapeOf = (...names: readonly string[]): DocumentShape => ({ view: 'v', fields: names.map(text) })
const shape = shapeOf('old', 'made')
const root = { dataset: 'x', primaryKey: ['id'], columns: {}, fields: [], lists: [], references: [] }
const view: CompiledView = {
  name: 'v',
  plan: 'new',
  shape,
  definition: { view: 'v', root, aggregates: [], text: [] },
}
const request: SearchRequest = {
  filter: resolveExpression(shape, parseQuery('made = "a"')),
  sort: [],
  facets: [],
  size: 1,
  total: false,
  timeoutMs: 1,
}

type Live = Awaited<ReturnType<ViewIndices['liveMapping']>>
const BEFORE: Live = { plan: 'old', mapping: buildMapping(shapeOf('old')).mappings }
const NOW: Live = { plan: 'new', mapping: buildMapping(shape).mappings }

/** What searches are told while the index behind the alias and the clock are moved on by hand. */
class Told {
  now = 1_000_000
  found: Live | Error = BEFORE
  looks = 0
  /** Looks that have begun end only when this one does. */
  gate: Promise<void> = Promise.resolve()
  readonly #live = new LiveIndex(
    {
      liveMapping: async () => {
        this.looks++
        const { found } = this
        await this.gate
        if (found instanceof Error) throw found
        return found
      },
    },
    () => this.now,
  )

  async ask(): Promise<string> {
    const refused = await this.#live.refuseMissing(view, request).catch((error: unknown) => error)
    return refused === undefined ? 'searched' : (refused as { code: string }).code
  }
}

const refused = 'search.not_ready'

describe('what is known of the live index', () => {
  it('is seen by the first search', async () => {
    const told = new Told()
    expect(await told.ask()).toBe(refused)
    expect(await told.ask()).toBe(refused)
    expect(told.looks).toBe(1)
  })

  it('of some seconds ago still counts while it is looked at again', async () => {
    const told = new Told()
    await told.ask()
    told.found = NOW
    let resolve = (): void => undefined
    const promise = new Promise<void>(done => (resolve = done))
    told.gate = promise
    told.now += 9_000
    expect([await told.ask(), await told.ask(), told.looks]).toEqual([refused, refused, 2])
    resolve()
    await promise
    // the look that has ended takes effect behind the promises that wait for it
    await new Promise(setImmediate)
    expect([await told.ask(), told.looks]).toEqual(['searched', 2])
  })

  it('is looked at before a search when it is long ago', async () => {
    const told = new Told()
    told.found = NOW
    expect(await told.ask()).toBe('searched')
    // an older release went back to the index before
    told.found = BEFORE
    told.now += 3_600_000
    expect(await Promise.all([told.ask(), told.ask()])).toEqual([refused, refused])
    expect(told.looks).toBe(2)
  })

  it('stays when a look fails, and the next search looks again', async () => {
    const told = new Told()
    await told.ask()
    told.found = new Error('away')
    for (const ms of [3_000, 3_000, 3_600_000]) {
      told.now += ms
      expect(await told.ask()).toBe(refused)
      await new Promise(setImmediate)
    }
    expect(told.looks).toBe(4)
    told.found = NOW
    expect(await told.ask()).toBe('searched')
  })

  it('is nothing when the first look fails: the search itself tells why', async () => {
    const told = new Told()
    told.found = new Error('away')
    expect(await told.ask()).toBe('searched')
    told.found = BEFORE
    expect(await told.ask()).toBe(refused)
  })
})
