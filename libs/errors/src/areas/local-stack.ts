import { entry, type CatalogueEntry } from '../catalogue-entry.ts'

/** Codes: local stack (development and tests). */
export const localStackErrors = {
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
  'stack.given_unreachable': entry(
    'operator',
    'stop',
    69,
    'A server whose address was given does not answer, so nothing that needs it was begun.',
  ),
  'stack.java_missing': entry(
    'operator',
    'stop',
    88,
    'Kafka and Elasticsearch need Java >= 17. Install it, use the containers, or give the addresses of servers of your own.',
  ),
  'stack.maven_missing': entry(
    'operator',
    'stop',
    69,
    'Kafka and Elasticsearch are fetched with Maven. Install it, use the containers, or give the addresses of servers of your own.',
  ),
  'stack.port_taken': entry('operator', 'stop', 87, 'A port the stack needs is taken by another process.'),
  'stack.start_failed': entry(
    'operator',
    'stop',
    69,
    'A server did not come up. The message ends with its last lines and names its log.',
  ),
} as const satisfies Record<string, CatalogueEntry>
