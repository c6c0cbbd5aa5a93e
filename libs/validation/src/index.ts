export type { Contract, ContractField, FieldRule } from './contract.ts'
export { DATASET_PACKAGE, deriveMessage, fieldEncoding } from './derive-message.ts'
export { checkPattern } from './patterns.ts'
