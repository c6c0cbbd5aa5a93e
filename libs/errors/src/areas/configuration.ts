import { entry, type CatalogueEntry } from '../catalogue-entry.ts'

/** Codes: configuration (exit 78, EX_CONFIG). */
export const configurationErrors = {
  'config.invalid': entry(
    'operator',
    'stop',
    78,
    'An environment variable is missing or has a value that does not fit its type. The message names each one and what it takes.',
  ),
  'pipeline.invalid': entry(
    'pipeline-author',
    'stop',
    65,
    'The pipeline folder has mistakes. All are listed with file, line, column and what is allowed; `headrace check DIR` prints the same list.',
  ),
  'pipeline.not_found': entry(
    'pipeline-author',
    'stop',
    66,
    'There is no pipeline.yaml in the folder. Name the folder that holds it.',
  ),
  'pipeline.lock_stale': entry(
    'pipeline-author',
    'stop',
    84,
    'contracts.lock.json is missing or does not match the contracts. Run `headrace contracts lock DIR` and commit the file.',
  ),
} as const satisfies Record<string, CatalogueEntry>
