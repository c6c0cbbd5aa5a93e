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

/** The fields that a query made of the parts above, `terms`, `prefix` and `match` looks at. */
export const fieldsOf = (query: Dsl): readonly string[] =>
  Object.entries(query as Readonly<Record<string, Dsl>>).flatMap(([kind, body]) => {
    switch (kind) {
      case 'bool':
        return Object.values(body).flatMap(clauses =>
          Array.isArray(clauses) ? (clauses as readonly Dsl[]).flatMap(fieldsOf) : [],
        )
      case 'nested':
        return [body['path'] as string, ...fieldsOf(body['query'] as Dsl)]
      case 'exists':
        return [body['field'] as string]
      default:
        return Object.keys(body)
    }
  })
