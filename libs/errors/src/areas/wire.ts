import { entry, type CatalogueEntry } from '../catalogue-entry.ts'

/** Codes: wire formats. */
export const wireErrors = {
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
  'decode.schema_unknown': entry(
    'operator',
    'retry',
    75,
    'A record names a schema whose descriptor is not in the contracts topic yet. The validator writes it before the first record that needs it; the reader looks again until it is there.',
  ),
} as const satisfies Record<string, CatalogueEntry>
