export {
  type BoundValidator,
  compileValidator,
  type Outcome,
  type Rejection,
  type Validator,
} from './compile-validator.ts'
export type { Contract, ContractField, FieldRule } from './contract.ts'
export { type DeadLetterCode, deadLetterCodes, type DeadLetterEntry } from './dead-letter-codes.ts'
export { DATASET_PACKAGE, deriveMessage, fieldEncoding } from './derive-message.ts'
export { checkPattern } from './patterns.ts'
export { deadLetterHeaders, type Diagnosis } from './dead-letter-headers.ts'
