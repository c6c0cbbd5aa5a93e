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
} as const satisfies Record<string, CatalogueEntry>
