export type { Contract, ContractField, FieldRule } from './contract.ts'
export { deriveMessage } from './derive-message.ts'
