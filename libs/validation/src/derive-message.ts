import { fieldTypeOf, type MessageField, type MessageSchema } from '@headrace/wire'
import type { Contract, ContractField } from './contract.ts'

/** Package of every derived message. */
export const DATASET_PACKAGE = 'headrace.dataset.v1'

/** `slice_image` -> `SliceImage`. */
const messageName = (dataset: string): string =>
  dataset
    .split(/[_-]+/)
    .map(part => part.charAt(0).toUpperCase() + part.slice(1))
    .join('')

/** An array travels as a repeated field only where neither it nor its elements can be null; else as its JSON text. */
const isRepeated = ({ type, required, itemsRequired }: ContractField): boolean =>
  type.dimensions === 1 && required && itemsRequired === true

const deriveField = (field: ContractField): MessageField => {
  const repeated = isRepeated(field)
  return {
    number: field.number,
    name: field.name,
    type: field.type.dimensions > 0 && !repeated ? 'string' : fieldTypeOf(field.type.kind),
    repeated,
    optional: !repeated,
    column: field.type,
  }
}

/** The typed message of a contract (04 K2). Equal contracts give equal schema ids in every cluster. */
export const deriveMessage = (contract: Contract): MessageSchema => ({
  package: DATASET_PACKAGE,
  message: messageName(contract.dataset),
  fields: contract.fields.map(deriveField).sort((a, b) => a.number - b.number),
})

/**
 * What the lock file pins beside a field's number: equal texts can be read by the same reader, and tell of the same column. A change
 * of it takes a new number, so a reader never meets bytes of another meaning under a number it knows.
 */
export const fieldEncoding = (field: Omit<ContractField, 'number'>): string =>
  field.column === field.name ? encodingOf(field) : `${encodingOf(field)} from ${field.column}`

const encodingOf = (field: Omit<ContractField, 'number'>): string => {
  const { kind, dimensions } = field.type
  const narrow = kind === 'int16' ? 'int32' : kind
  if (dimensions === 0) return narrow
  return isRepeated({ ...field, number: 0 }) ? `repeated ${narrow}` : `array of ${narrow}`
}
