import { entry, type CatalogueEntry } from '../catalogue-entry.ts'

/** Codes: capture and Postgres. */
export const captureErrors = {
  'capture.column_missing': entry(
    'data-owner',
    'stop',
    91,
    'A column of the contract is not among those that the table publishes: it was renamed, dropped, or left out of the publication. Its values would silently become null, so nothing goes on until table and contract agree.',
  ),
  'capture.key_missing': entry(
    'data-owner',
    'stop',
    65,
    'A change carries no value for a column of its record key, or the column is gone. Replica identity, table and contract must agree; `headrace source check` says what is missing.',
  ),
  'capture.load_overtaken': entry(
    'operator',
    'retry',
    75,
    'A table was rewritten (ALTER TABLE, VACUUM FULL, TRUNCATE) between the snapshot of the first load and its reading: read at that snapshot it would seem empty. Or somebody waited to do so just when the load was planned, and it let go of the tables for him. The load begins anew by itself.',
  ),
  'capture.schema_changed': entry(
    'data-owner',
    'stop',
    89,
    'Rows of a captured table changed without a row event: a column added with a default, a new type, a renamed enum label, a partition attached, detached or truncated, a table dropped and made anew. The message says which table and what changed; `headrace source reset` loads the tables anew.',
  ),
  'capture.slot_ahead': entry(
    'operator',
    'stop',
    80,
    'The replication slot has been moved past the position in Kafka: changes between both would be missing. Nothing is skipped silently; `headrace source reset` loads the tables anew.',
  ),
  'capture.slot_lost': entry(
    'operator',
    'stop',
    81,
    'The replication slot is gone or its WAL was removed. Nothing is skipped silently; `headrace source reset` loads the tables anew.',
  ),
  'capture.source_rewritten': entry(
    'operator',
    'stop',
    82,
    'The database is not the one the position belongs to, or its past was rewritten behind the position (restore, fail-over). Check the address; `headrace source reset` loads the tables anew.',
  ),
  'capture.source_unfit': entry(
    'operator',
    'stop',
    79,
    'The source is not set up for capture. The message lists everything that is missing with the SQL that mends it; `headrace source check` prints the same list.',
  ),
  'capture.table_not_loaded': entry(
    'operator',
    'stop',
    83,
    'Rows of a table are not where the pipeline reads them: it came into the pipeline after the first load, was out of it for a while, or has another dataset now. Nothing is skipped silently; `headrace source reset` loads the tables anew.',
  ),
  'capture.toast_unchanged': entry(
    'data-owner',
    'stop',
    65,
    'An update left out a large value that did not change, and the pipeline says `toast: fail` for its table. Set `toast: reselect` or `full` in pipeline.yaml.',
  ),
  'postgres.refused': entry(
    'operator',
    'stop',
    77,
    'Postgres refused a statement for a reason that waiting does not mend, such as missing rights. The message has its words and SQLSTATE.',
  ),
  'postgres.unreachable': entry(
    'operator',
    'retry',
    69,
    'Postgres does not answer, ended the connection, or has no room for it now. Nothing is skipped; work goes on when it is back.',
  ),
} as const satisfies Record<string, CatalogueEntry>
