/** A part of an Elasticsearch request body. */
export type Dsl = { readonly [name: string]: unknown }

export const NONE: Dsl = { match_none: {} }
export const ALL: Dsl = { match_all: {} }

export const term = (field: string, value: string | boolean): Dsl => ({ term: { [field]: { value } } })
export const exists = (field: string): Dsl => ({ exists: { field } })
export const range = (field: string, bounds: Dsl): Dsl => ({ range: { [field]: bounds } })
export const both = (...filter: readonly Dsl[]): Dsl => ({ bool: { filter } })
export const either = (...should: readonly Dsl[]): Dsl =>
  should.length === 0
    ? NONE
    : should.length === 1
      ? should[0]!
      : { bool: { should, minimum_should_match: 1 } }
export const noneOf = (...must_not: readonly Dsl[]): Dsl => ({ bool: { must_not } })
export const nested = (path: string, query: Dsl): Dsl => ({ nested: { path, query } })
