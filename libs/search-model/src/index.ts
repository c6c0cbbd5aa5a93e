export type { DocumentShape, ShapeField } from './document-shape.ts'
export { compileIndexBody, type IndexInput, stubBody } from './index-body/compile-index-body.ts'
export { buildMapping, type IndexMapping, type MappingNode } from './mapping/build-mapping.ts'
export { differingFields } from './mapping/differing-fields.ts'
export { ERROR_FIELD, KEY_FIELD, VERBATIM_FIELD } from './mapping/index-names.ts'
export type { CompareOperator, Expression, FieldPath, Literal, Place, PlacedLiteral } from './query/ast.ts'
export { whereFalse, whereTrue } from './query/compile-filter.ts'
export type { Dsl } from './query/dsl.ts'
export { evaluate } from './query/evaluate.ts'
export { type Facet, type FacetValue, readFacets } from './query/facets.ts'
export { nearestNames } from './query/nearest-names.ts'
export { missingFields } from './query/missing-fields.ts'
export { DEFAULT_LIMITS, type ParseLimits, parseQuery } from './query/parse-query.ts'
export { parseTree } from './query/parse-tree.ts'
export { describePlace, QueryError } from './query/query-error.ts'
export { fieldNames, type Resolved, resolveExpression } from './query/resolve.ts'
export {
  buildSearch,
  checkProjection,
  type SearchBody,
  type SearchRequest,
  type SortKey,
} from './query/search-request.ts'
