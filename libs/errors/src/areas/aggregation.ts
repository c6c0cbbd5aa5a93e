import { entry, type CatalogueEntry } from '../catalogue-entry.ts'

/** Codes: aggregation. */
export const aggregationErrors = {
  'aggregate.incomplete_row': entry(
    'operator',
    'stop',
    65,
    'A row came with an unchanged column whose value is not known, so its documents cannot be made. Set `toast: full` or `reselect` for the dataset and re-snapshot it.',
  ),
  'aggregate.unsupported_view': entry(
    'pipeline-author',
    'stop',
    65,
    'The view uses something that this release cannot aggregate. The message names it.',
  ),
  'store.key_too_long': entry(
    'headrace',
    'restart',
    70,
    'A key of the state store is empty or longer than it can hold.',
  ),
  'store.locked': entry(
    'operator',
    'stop',
    75,
    'Another process has the state store open. Two services must not share a data folder.',
  ),
} as const satisfies Record<string, CatalogueEntry>
