export { type Assembled, Assembler, failureText } from './assemble.ts'
export { failure } from './failure.ts'
export { DimensionRows } from './dimension-rows.ts'
export { type Applied, GroupStage, type SubDocument } from './group-stage.ts'
export { decodeHop, encodeHop, type HopValue } from './hop-codec.ts'
export {
  type AggregatePlan,
  compilePlan,
  edgeNames,
  type EdgePlan,
  type GroupPlan,
  type RouterPlan,
  type ViewPlan,
} from './plan.ts'
export type { DimensionPlan, ReferencePlan } from './plan-references.ts'
export { type PlanRefusal, planRefusals } from './plan-refusals.ts'
export {
  compareJson,
  type JsonDifference,
  type OracleOptions,
  type OracleStatement,
  type OracleTable,
  viewToSql,
} from './oracle/index.ts'
export { type RowChange, toRowChange } from './row-change.ts'
export {
  applyRoute,
  applyRouteMarker,
  applyRouteTombstone,
  routeDocument,
  type RouteEntry,
  type RouteIndex,
  type RouteOutput,
} from './router.ts'
export { rangeAfter, type StateStore } from './state-store.ts'
export { metaKey, parseRouteKey, routeKey, routePrefix } from './store-keys.ts'
export type { SweepPart, Swept } from './sweep.ts'
export type {
  AggregateDefinition,
  Condition,
  FieldSelection,
  ListDefinition,
  NodeDefinition,
  ReferenceDefinition,
  ViewDefinition,
} from './view-definition.ts'
