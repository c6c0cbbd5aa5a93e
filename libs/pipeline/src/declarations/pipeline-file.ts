import { NAME_PATTERN } from '@headrace/wire'
import { z } from 'zod'
import { DEFAULT_LIMITS, LARGEST_LIMITS } from '../size-limits.ts'

export const NAME_RULE =
  'must begin with a lower-case letter and hold only a-z, 0-9, _ and - (at most 63 characters)'

/** Names that every JavaScript object has already: as keys they would be lost or found where nobody put them. */
export const FREE_NAME = /^(?!(?:__proto__|constructor|prototype)$)/
export const FREE_NAME_RULE = 'must not be __proto__, constructor or prototype'

export const nameText = (): z.ZodString =>
  z.string().regex(NAME_PATTERN, NAME_RULE).regex(FREE_NAME, FREE_NAME_RULE)

/** Elasticsearch takes no more than 10,000 nested objects of a list. */
const LONGEST_LIST = 10_000

export const limitNumber = (): z.ZodNumber =>
  z
    .number()
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(LONGEST_LIST, 'must be at most 10000: Elasticsearch takes no longer list of nested objects')

const SMALLEST_LIMIT = 1024

const bytesNumber = (name: keyof typeof DEFAULT_LIMITS, what: string): z.ZodDefault<z.ZodNumber> =>
  z
    .number()
    .int('must be a whole number of bytes')
    .min(SMALLEST_LIMIT, `must be at least ${SMALLEST_LIMIT}`)
    .max(LARGEST_LIMITS[name], `must be at most ${LARGEST_LIMITS[name]}`)
    .default(DEFAULT_LIMITS[name])
    .describe(what)

const slotName = (): z.ZodString =>
  z.string().regex(/^[a-z0-9_]{1,63}$/, 'must hold only a-z, 0-9 and _ (at most 63 characters)')

const tableText = (): z.ZodString => z.string().min(1)

const tableDeclaration = z.union([
  tableText(),
  z.strictObject({
    table: tableText().describe('schema.table; without a schema: public'),
    toast: z
      .enum(['reselect', 'full', 'fail'])
      .default('reselect')
      .describe(
        'Large values that an update leaves out: read again from the table (reselect), in the WAL by REPLICA IDENTITY FULL (full), or capture stops (fail)',
      ),
  }),
])

const sourceDeclaration = z.strictObject({
  tables: z
    .array(tableDeclaration)
    .min(1, 'names at least one table')
    .describe('Tables as schema.table; without a schema: public'),
  slot: slotName().optional().describe('Name of the replication slot. Default: headrace_<pipeline>_<source>'),
  publication: slotName()
    .optional()
    .describe('Name of the publication. Default: headrace_<pipeline>_<source>'),
})

export const pipelineDeclaration = z
  .strictObject({
    name: nameText().describe('Name of the pipeline; it begins the names of all its topics'),
    partitions: z
      .number()
      .int('must be a whole number')
      .min(1, 'must be at least 1')
      .max(1000, 'must be at most 1000')
      .default(4)
      .describe('Partition count of all data topics. Another count needs another pipeline name'),
    sources: z
      .record(nameText(), sourceDeclaration)
      .describe('Postgres databases by name, and which of their tables are read'),
    limits: z
      .strictObject({
        rowBytes: bytesNumber('rowBytes', 'Largest row; a larger one becomes a dead letter'),
        documentBytes: bytesNumber(
          'documentBytes',
          'Largest document; in place of a larger one stands a stub that says so',
        ),
      })
      .optional()
      .describe('Sizes in bytes. After a change: `headrace topics apply`, then start the services anew'),
    defaults: z
      .strictObject({
        onInvalid: z
          .enum(['withhold', 'keepLast'])
          .optional()
          .describe('What happens downstream when a change is rejected'),
        limit: limitNumber().optional().describe('Longest list in a document'),
        overflow: z
          .enum(['truncate', 'countOnly', 'fail'])
          .optional()
          .describe('What happens to longer lists'),
      })
      .optional()
      .describe('Holds for every contract or view that says nothing itself'),
  })
  .describe('A pipeline folder: pipeline.yaml')

export type PipelineDeclaration = z.infer<typeof pipelineDeclaration>
