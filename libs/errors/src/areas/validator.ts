import { entry, type CatalogueEntry } from '../catalogue-entry.ts'

/** Codes: validator. */
export const validatorErrors = {
  'validator.relation_unknown': entry(
    'operator',
    'restart',
    75,
    'A raw record names a relation description that is not in the relations topic. Capture writes it first, so the topic was emptied or belongs to another pipeline. The process restarts and waits again; nothing is skipped.',
  ),
} as const satisfies Record<string, CatalogueEntry>
