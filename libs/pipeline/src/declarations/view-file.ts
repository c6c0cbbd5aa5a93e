import { z } from 'zod'
import { FREE_NAME, FREE_NAME_RULE, limitNumber, nameText } from './pipeline-file.ts'

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/
const IDENTIFIER_RULE = 'must begin with a letter or _ and hold only letters, digits and _'

/** The same for every step of a path. */
const FREE_PATH = /^(?!(?:.*\.)?(?:__proto__|constructor|prototype)(?:\.|$))/

const identifier = (): z.ZodString =>
  z.string().regex(IDENTIFIER, IDENTIFIER_RULE).regex(FREE_NAME, FREE_NAME_RULE)

const fields = z
  .union([z.array(identifier()), z.record(identifier(), identifier())], {
    error: 'expected a list of fields, or a mapping of names in the document to fields',
  })
  .describe(
    'Fields of the document: a list of names, or a mapping name in the document: field of the dataset',
  )

const on = z.record(identifier(), identifier())

const condition = z.union(
  [
    z.null(),
    z.boolean(),
    z.number(),
    z.string(),
    z
      .array(
        z.union([z.boolean(), z.number(), z.string()], {
          error: 'expected a text, a number, true or false; null stands alone, not in a list',
        }),
      )
      .min(1, 'names at least one value'),
    z.strictObject({ not: z.null() }),
  ],
  { error: 'expected null, { not: null }, a value or a list of values' },
)

const referenceDeclaration = z.strictObject({
  from: z.string().describe('Dataset of the one row'),
  on: on.describe('Its primary key field: our field'),
  fields,
  flatten: z.boolean().default(false).describe('Its fields stand directly in the referring row'),
})

const references = z.record(identifier(), referenceDeclaration)

const overflow = z.enum(['truncate', 'countOnly', 'fail'])

const listDeclaration = z.strictObject({
  from: z.string().describe('Dataset of the rows'),
  on: on.describe('Field of the rows: primary key field of the parent'),
  where: z
    .record(identifier(), condition)
    .optional()
    .describe('Rows that count: field: null, { not: null }, value or list of values'),
  orderBy: z
    .array(z.string())
    .optional()
    .describe('Fields, each with an optional " desc"; the primary key follows'),
  fields: fields.optional(),
  limit: limitNumber().optional(),
  overflow: overflow.optional(),
  one: references.optional().describe('Rows of other datasets that each row refers to'),
  get lists() {
    return lists.optional()
  },
})

const lists: z.ZodType<Record<string, ListDeclaration>, Record<string, unknown>> = z.lazy(() =>
  z.record(identifier(), listDeclaration),
) as never

const aggregateDeclaration = z.strictObject({
  count: z.string().optional().describe('Name of a list'),
  countBy: z.string().optional().describe('list.field: how many rows have each value'),
  sum: z.string().optional(),
  min: z.string().optional(),
  max: z.string().optional(),
  distinct: z.string().optional(),
})

export const viewDeclaration = z
  .strictObject({
    view: nameText().describe('Name of the view: the alias in Elasticsearch and the path in the search API'),
    root: z.string().describe('Dataset whose rows become documents'),
    fields,
    one: references.optional().describe('Rows of other datasets that the root row refers to'),
    lists: lists.optional().describe('Lists of rows that belong to the root row'),
    aggregates: z
      .record(
        z
          .string()
          .regex(/^[A-Za-z_]\w*(\.[A-Za-z_]\w*){0,3}$/, 'must be a path of names joined by dots')
          .regex(FREE_PATH, FREE_NAME_RULE),
        aggregateDeclaration,
      )
      .optional()
      .describe(
        'Path in the document: { count: list } or { countBy | sum | min | max | distinct: list.field }',
      ),
    text: z.array(z.string()).optional().describe('Fields that are analysed for full text, by path'),
  })
  .describe('A view: views/*.view.yaml')

export interface ListDeclaration {
  from: string
  on: Record<string, string>
  where?: Record<string, ConditionDeclaration> | undefined
  orderBy?: string[] | undefined
  fields?: FieldsDeclaration | undefined
  limit?: number | undefined
  overflow?: z.infer<typeof overflow> | undefined
  one?: Record<string, ReferenceDeclaration> | undefined
  lists?: Record<string, ListDeclaration> | undefined
}

export type FieldsDeclaration = z.infer<typeof fields>
export type ConditionDeclaration = z.infer<typeof condition>
export type ReferenceDeclaration = z.infer<typeof referenceDeclaration>
export type AggregateDeclaration = z.infer<typeof aggregateDeclaration>
export type ViewDeclaration = z.infer<typeof viewDeclaration>
