import { entry, type CatalogueEntry } from '../catalogue-entry.ts'

/** Codes: aggregation. */
export const aggregationErrors = {
  'aggregate.field_not_loaded': entry(
    'operator',
    'stop',
    92,
    'A contract got a field, or another type or column for one, after the tables were loaded, and a view uses it: the validated topic has rows without its values. `headrace source reset` loads them anew; searches see the documents of before until that is done.',
  ),
  'aggregate.incomplete_row': entry(
    'operator',
    'retry',
    65,
    'In the `error` of a document: a row of one of its lists came with unchanged columns whose values are not known. Capture leaves them out only when the row is gone already, so its next record, mostly the delete, puts the document right. Where none comes (a column that was dropped), mend table and contract and load the dataset anew.',
  ),
  'aggregate.overflow': entry(
    'pipeline-author',
    'retry',
    65,
    'In the `error` of a document: a list has more rows than its `limit`, and the view says `overflow: fail`. Raise the limit or use another overflow; the document is right again as soon as the list is short enough.',
  ),
  'aggregate.past_unknown': entry(
    'operator',
    'stop',
    90,
    'The view has documents, but stood still, or did not reach the end of its input, for longer than Kafka keeps tombstones (7 days) or the offsets of its consumer group: deletes of that time may be gone. Nothing is made from half a past: `headrace view rebuild` has all documents made anew, and searches see the old ones until that is done.',
  ),
  'aggregate.too_large': entry(
    'pipeline-author',
    'retry',
    65,
    'In the `error` of a document: it, or a row or an element of one of its lists, is larger than `limits.documentBytes` of pipeline.yaml. Limit the list or leave out large fields, or raise the limit; the document is right again with its next change that fits.',
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
