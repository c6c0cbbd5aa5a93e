export type {
  AggregateDefinition,
  Condition,
  FieldSelection,
  ListDefinition,
  NodeDefinition,
  ReferenceDefinition,
  ViewDefinition,
} from './view-definition.ts'
