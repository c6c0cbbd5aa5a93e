/** Who has to act on an error. */
export type Actor = 'operator' | 'pipeline-author' | 'data-owner' | 'caller' | 'headrace'

/** What a program may do about an error on its own (see retry-policy.ts). */
export type Recovery =
  /** Waiting helps: the same step is tried again with back-off, nothing is skipped. */
  | 'retry'
  /** The process ends non-zero and replays from its committed position. */
  | 'restart'
  /** Only a person can mend it: the process ends with the code's exit status. */
  | 'stop'
  /** The answer to a caller's bad request. */
  | 'reject'

export interface CatalogueEntry {
  /** What it means and what to do, one or two sentences for the docs table. */
  readonly meaning: string
  readonly actor: Actor
  readonly recovery: Recovery
  /** Process exit status when the error ends a program (sysexits where one fits). */
  readonly exit: number
}

const entry = (actor: Actor, recovery: Recovery, exit: number, meaning: string): CatalogueEntry => ({
  meaning,
  actor,
  recovery,
  exit,
})

/**
 * Every error code of the product. docs/errors.md is generated from this table and a test holds both equal.
 * Codes are `<area>.<what>`, stable once released.
 */
export const catalogue = {
  // configuration (exit 78, EX_CONFIG)
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
    65,
    'contracts.lock.json is missing or does not match the contracts. Run `headrace contracts lock DIR` and commit the file.',
  ),

  // capture and Postgres
  'capture.key_missing': entry(
    'data-owner',
    'stop',
    65,
    'A change carries no value for a column of its record key, or the column is gone. Replica identity, table and contract must agree; `headrace source check` says what is missing.',
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
    78,
    'The source is not set up for capture. The message lists everything that is missing with the SQL that mends it; `headrace source check` prints the same list.',
  ),
  'capture.table_not_loaded': entry(
    'operator',
    'stop',
    83,
    'A table came into the pipeline after the first load, so its rows are not in Kafka. Nothing is skipped silently; `headrace source reset` loads the tables anew.',
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

  // command line
  'contracts.files_differ': entry(
    'operator',
    'stop',
    73,
    'Files of the pipeline folder were changed by hand and would be overwritten: nothing was written. Compare them, pull into another folder, or overwrite them with --force.',
  ),
  'contracts.nothing_to_pull': entry(
    'operator',
    'stop',
    66,
    'The database has no table that can be captured in the schemas that were asked for. The message names each table that was left out and what to do.',
  ),
  'dev.already_running': entry(
    'operator',
    'stop',
    69,
    'A `headrace dev` of this name runs already. Stop it, or give another --name.',
  ),
  'dev.not_ready': entry(
    'operator',
    'stop',
    69,
    'A service did not become ready in time. The message has its last error and its log file.',
  ),
  'dev.service_ended': entry(
    'operator',
    'stop',
    69,
    'A service of `headrace dev` ended for a reason that starting it again does not mend. The message has its last words.',
  ),
  'search.refused': entry(
    'caller',
    'reject',
    1,
    'The search service did not take the request. The message has its reason.',
  ),
  'search.unreachable': entry(
    'operator',
    'stop',
    69,
    'The search service does not answer at the given address.',
  ),
  'topics.foreign': entry(
    'operator',
    'stop',
    65,
    'A topic of the pipeline does not begin with the marker of its making: something else wrote to it first. Use another pipeline name, or delete the topic.',
  ),
  'verify.plan_differs': entry(
    'operator',
    'stop',
    78,
    'The live index of the view was made by another plan than the folder compiles to, so comparing them says nothing. Wait until the new index is live, or use the folder the services run with.',
  ),

  // Elasticsearch, indexing and search
  'elasticsearch.alias_taken': entry(
    'operator',
    'stop',
    78,
    'The alias named after the view belongs to an index of another pipeline, or an index itself has that name. Views of one cluster need different names.',
  ),
  'elasticsearch.index_missing': entry(
    'operator',
    'restart',
    75,
    'The index that is written to was removed. The process starts again, makes a new index and fills it from the beginning of the document topic.',
  ),
  'elasticsearch.refused': entry(
    'headrace',
    'restart',
    70,
    'Elasticsearch refused a request as a whole for a reason that waiting does not mend. The message has its words; the process restarts and replays.',
  ),
  'elasticsearch.unauthorised': entry(
    'operator',
    'stop',
    77,
    'Elasticsearch refused the credentials, or they lack rights on the indices of the pipeline.',
  ),
  'elasticsearch.unfit': entry(
    'operator',
    'stop',
    78,
    'The server is no Elasticsearch, or older than 8.0. Check HEADRACE_ELASTICSEARCH_URL.',
  ),
  'elasticsearch.unreachable': entry(
    'operator',
    'retry',
    69,
    'Elasticsearch does not answer or has no room for the request now. Nothing is skipped; work goes on when it is back.',
  ),
  'indexer.topic_remade': entry(
    'headrace',
    'restart',
    75,
    'The document topic is another making than the one the index was filled from. The process starts again and fills a new index.',
  ),
  'indexer.topic_unmarked': entry(
    'operator',
    'stop',
    78,
    'The document topic does not begin with incarnation markers, so nobody can tell one making of it from another. `headrace topics apply` makes topics with their markers.',
  ),
  'query.limit': entry(
    'caller',
    'reject',
    64,
    'A query is larger than allowed: nesting, comparisons, values of `in`, page size. The message says which limit.',
  ),
  'query.syntax': entry(
    'caller',
    'reject',
    64,
    'A query cannot be read. The answer names line and column (or the path in a filter tree) and what is expected there; docs/search.md has the language.',
  ),
  'query.type': entry(
    'caller',
    'reject',
    64,
    'A value does not fit its field, or the field does not take that comparison. The answer names the field, its type and what it takes.',
  ),
  'query.unknown_field': entry(
    'caller',
    'reject',
    64,
    'The view has no such field. The answer names the nearest ones.',
  ),
  'search.cursor_invalid': entry(
    'caller',
    'reject',
    64,
    'The cursor was not made by the same query and sort, or is damaged. Begin at the first page.',
  ),
  'search.document_unknown': entry('caller', 'reject', 64, 'There is no document with this key in the view.'),
  'search.not_ready': entry(
    'operator',
    'retry',
    69,
    'The view has no index yet, or Elasticsearch does not answer. Ask again shortly.',
  ),
  'search.view_unknown': entry(
    'caller',
    'reject',
    64,
    'The pipeline has no such view. The answer names the nearest ones.',
  ),

  // wire formats
  'decode.document': entry(
    'headrace',
    'restart',
    70,
    'A document on a document topic is not JSON. Somebody else wrote to the topic, or versions do not fit.',
  ),
  'decode.framing': entry(
    'headrace',
    'restart',
    70,
    'A record on a topic of ours is not framed as it must be. Somebody else wrote to the topic, or versions do not fit.',
  ),
  'decode.payload': entry(
    'headrace',
    'restart',
    70,
    'The protobuf bytes of a record on a topic of ours cannot be read. Somebody else wrote to the topic, or versions do not fit.',
  ),

  // local stack (development and tests)
  'stack.checksum': entry(
    'operator',
    'stop',
    69,
    'A downloaded file is not the one that was locked. Remove it from the local Maven repository and try again; if it stays, the repository serves something else.',
  ),
  'stack.download_failed': entry(
    'operator',
    'stop',
    69,
    "A server program could not be fetched or unpacked. The message ends with Maven's own words; see whether Maven reaches a repository.",
  ),
  'stack.java_missing': entry(
    'operator',
    'stop',
    69,
    'Kafka and Elasticsearch need Java >= 17. Install it, use the containers, or give the addresses of servers of your own.',
  ),
  'stack.maven_missing': entry(
    'operator',
    'stop',
    69,
    'Kafka and Elasticsearch are fetched with Maven. Install it, use the containers, or give the addresses of servers of your own.',
  ),
  'stack.port_taken': entry('operator', 'stop', 69, 'A port the stack needs is taken by another process.'),
  'stack.start_failed': entry(
    'operator',
    'stop',
    69,
    'A server did not come up. The message ends with its last lines and names its log.',
  ),

  // Kafka
  'kafka.broker_too_old': entry(
    'operator',
    'stop',
    69,
    'The broker does not know a request that exactly-once delivery needs. Kafka 3.9 or newer is needed.',
  ),
  'kafka.fenced': entry(
    'headrace',
    'restart',
    75,
    'The partitions belong to a newer generation of the consumer group: nothing was written. The work is dropped; the next assignment takes it up from the committed offsets.',
  ),
  'kafka.offset_out_of_range': entry(
    'operator',
    'stop',
    65,
    'The position to read from is not in the log (any more): retention removed it, or the topic was made anew. Nothing is skipped silently; rebuild, or reset the position.',
  ),
  'kafka.partition_mismatch': entry(
    'operator',
    'stop',
    78,
    'Topics that are read together have different numbers of partitions, or an existing topic has another number than configured. Partition counts cannot be changed in place.',
  ),
  'kafka.record_too_large': entry(
    'data-owner',
    'stop',
    65,
    'A record is bigger than Kafka takes. Nothing of its transaction was written. Raise the limit on the topic and in the configuration, or make the row smaller.',
  ),
  'kafka.refused': entry(
    'operator',
    'stop',
    77,
    'The broker refused a request for a reason that waiting does not mend, such as missing rights. The message has its error.',
  ),
  'kafka.topic_missing': entry('operator', 'restart', 69, 'A topic does not exist (yet).'),
  'kafka.transaction_lost': entry(
    'headrace',
    'restart',
    75,
    'A transaction failed. The message says whether it was certainly not committed or whether its outcome is unknown; the committed offsets tell.',
  ),
  'kafka.unreachable': entry(
    'operator',
    'retry',
    69,
    'No broker answered in time. Nothing is skipped; work goes on when Kafka is back.',
  ),
  'kafka.unsupported_format': entry(
    'operator',
    'stop',
    65,
    'Records are in a format or compression that is not understood.',
  ),
  'kafka.writer_fenced': entry(
    'operator',
    'restart',
    75,
    'Another process with the same name took over, or this one was away for longer than its transaction timeout. Give every instance a name of its own; the process restarts and goes on from the committed offsets.',
  ),

  // aggregation
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

  // validator
  'validator.relation_unknown': entry(
    'operator',
    'restart',
    75,
    'A raw record names a relation description that is not in the relations topic. Capture writes it first, so the topic was emptied or belongs to another pipeline. The process restarts and waits again; nothing is skipped.',
  ),

  // processes
  'http.port_taken': entry(
    'operator',
    'stop',
    69,
    'The port of the service is taken by another process. Set HEADRACE_HTTP_PORT to a free one.',
  ),
  'internal.bug': entry(
    'headrace',
    'restart',
    70,
    'A state that cannot happen. Please report it with the log; the process restarts and replays.',
  ),
  'usage.invalid': entry('caller', 'reject', 64, 'The command line is not right. See `--help`.'),
} as const satisfies Record<string, CatalogueEntry>

export type ErrorCode = keyof typeof catalogue
