import { entry, type CatalogueEntry } from '../catalogue-entry.ts'

/** Codes: Elasticsearch, indexing and search. */
export const indexingAndSearchErrors = {
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
  'elasticsearch.request_too_large': entry(
    'operator',
    'retry',
    86,
    'A request is larger than Elasticsearch or something before it takes (http.max_content_length, 100 MB by default). Bulks are made smaller; a document that does not fit by itself becomes a stub and a dead letter.',
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
    86,
    'Elasticsearch does not answer, has no room for the request now, or the index is closed. Nothing is skipped; work goes on when it is back.',
  ),
  'indexer.index_outdated': entry(
    'headrace',
    'retry',
    75,
    'The index was not kept in step for more than 6 days, and Kafka forgets deletes after 7. The indexer fills a new index beside it from the document topic, and the alias moves when that is caught up; the old index may be deleted then.',
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
    'The view has no index yet, Elasticsearch does not answer, or the view was changed and the index that is live still lacks the fields that are asked for: the new one is being filled. Ask again shortly.',
  ),
  'search.view_unknown': entry(
    'caller',
    'reject',
    64,
    'The pipeline has no such view. The answer names the nearest ones.',
  ),
} as const satisfies Record<string, CatalogueEntry>
