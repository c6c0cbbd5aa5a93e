import { aggregationErrors } from './areas/aggregation.ts'
import { captureErrors } from './areas/capture.ts'
import { commandLineErrors } from './areas/command-line.ts'
import { configurationErrors } from './areas/configuration.ts'
import { indexingAndSearchErrors } from './areas/indexing-and-search.ts'
import { kafkaErrors } from './areas/kafka.ts'
import { localStackErrors } from './areas/local-stack.ts'
import { processesErrors } from './areas/processes.ts'
import { validatorErrors } from './areas/validator.ts'
import { wireErrors } from './areas/wire.ts'
import type { CatalogueEntry } from './catalogue-entry.ts'

/**
 * Every error code of the product. docs/errors.md is generated from this table and a test holds both equal.
 * Codes are `<area>.<what>`, stable once released.
 */
export const catalogue = {
  ...configurationErrors,
  ...captureErrors,
  ...commandLineErrors,
  ...indexingAndSearchErrors,
  ...wireErrors,
  ...localStackErrors,
  ...kafkaErrors,
  ...aggregationErrors,
  ...validatorErrors,
  ...processesErrors,
} as const satisfies Record<string, CatalogueEntry>

export type ErrorCode = keyof typeof catalogue
