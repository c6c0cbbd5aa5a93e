/** Who can mend what a code says. */
export type DeadLetterActor = 'data-owner' | 'pipeline-author' | 'headrace'

export interface DeadLetterEntry {
  readonly meaning: string
  readonly actor: DeadLetterActor
  /** The same bytes may pass later, without a change of the data: with another contract or a mended program. */
  readonly retryable: boolean
}

const entry = (actor: DeadLetterActor, retryable: boolean, meaning: string): DeadLetterEntry => ({
  meaning,
  actor,
  retryable,
})

/**
 * Codes of dead letters (04 K11): what is wrong with a record. Stable once released; independent of the codes of errors,
 * which say what is wrong with a program or its surroundings.
 */
export const deadLetterCodes = {
  'contract.enum': entry('data-owner', false, 'A value is none of those the contract lists.'),
  'contract.format': entry(
    'data-owner',
    false,
    'A text is not of the format the contract names (email, uri, ...).',
  ),
  'contract.length': entry(
    'data-owner',
    false,
    'A text is shorter or longer than the contract allows, in code points.',
  ),
  'contract.missing': entry(
    'data-owner',
    false,
    'A required value is null, or a text that stands for a missing value.',
  ),
  'contract.pattern': entry('data-owner', false, "A text does not match the contract's pattern (RE2)."),
  'contract.range': entry(
    'data-owner',
    false,
    'A number is outside the bounds or no multiple of what the contract says, or a value lies outside of what the typed message can carry (infinity, BC and years above 9999 in timestamps).',
  ),
  'contract.type': entry(
    'data-owner',
    false,
    'A value is none of the type the contract gives the column. The table has probably been changed. Once the contract is mended, `headrace source reset` has the rows judged anew; without it each stays withheld until it is written again.',
  ),
  'decode.payload': entry(
    'headrace',
    false,
    'The bytes of a raw record cannot be read. Something else than capture wrote to the topic, or versions do not fit.',
  ),
  'edge.too_large': entry(
    'data-owner',
    false,
    'A row is larger than limits.rowBytes of pipeline.yaml, or its typed form is larger than twice that: the dead letter of the first holds its key alone. Make the row smaller, or raise the limit, run `headrace topics apply` and write the row again.',
  ),
  'enrich.failed': entry(
    'data-owner',
    false,
    'A document could not be made: it is larger than limits.documentBytes of pipeline.yaml, a row of it is, or a list is longer than its limit and the view says overflow: fail. A stub with the reason stands in its place until it fits again.',
  ),
  'internal.bug': entry(
    'headrace',
    true,
    'A record could not be judged because of a mistake in Headrace. Please report it.',
  ),
  'schema.column_missing': entry(
    'pipeline-author',
    true,
    'A column that the contract requires is not in the table. Mend the table or publish a new version of the contract.',
  ),
  'sink.rejected': entry(
    'pipeline-author',
    true,
    'Elasticsearch refused a document: a value does not fit the mapping, it has more than 100,000 nested objects, or it is larger than a request may be. A stub with the reason stands in its place until the document changes.',
  ),
} as const satisfies Record<string, DeadLetterEntry>

export type DeadLetterCode = keyof typeof deadLetterCodes
