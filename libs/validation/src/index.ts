export type { Contract, ContractField, FieldRule } from './contract.ts'
