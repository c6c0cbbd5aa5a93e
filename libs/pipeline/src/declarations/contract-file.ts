import { z } from 'zod'
import { FREE_NAME, FREE_NAME_RULE } from './pipeline-file.ts'

/** Versions of the standard whose meaning we know (04 K1). */
export const API_VERSIONS = ['v3.0.0', 'v3.0.1', 'v3.0.2', 'v3.1.0', 'v3.2.0'] as const

const text = (): z.ZodOptional<z.ZodString> => z.string().optional()
const anything = z.unknown()
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()], { error: 'expected a plain value' })

const customProperty = z.strictObject({
  id: text(),
  property: z.string(),
  value: anything,
  description: text(),
})
const customProperties = z.array(customProperty).optional()
const authoritativeDefinitions = z
  .array(z.strictObject({ id: text(), url: z.string(), type: z.string(), description: text() }))
  .optional()
const tags = z.array(z.string()).optional()

const member = z.strictObject({
  id: text(),
  username: z.string(),
  name: text(),
  description: text(),
  role: text(),
  dateIn: text(),
  dateOut: text(),
  replacedByUsername: text(),
  tags,
  customProperties,
  authoritativeDefinitions,
})

const team = z.strictObject({
  id: text(),
  name: text(),
  description: text(),
  members: z.array(member).optional(),
  tags,
  customProperties,
  authoritativeDefinitions,
})

const number = z.number().optional()
const pair = z.tuple([z.number(), z.number()]).optional()

const qualityDeclaration = z.strictObject({
  id: text(),
  name: text(),
  description: text(),
  type: z.enum(['library', 'text', 'sql', 'custom']).optional(),
  metric: z.enum(['nullValues', 'missingValues', 'invalidValues', 'duplicateValues', 'rowCount']).optional(),
  rule: text(),
  arguments: z.record(z.string(), anything).optional(),
  mustBe: anything.optional(),
  mustNotBe: anything.optional(),
  mustBeGreaterThan: number,
  mustBeGreaterOrEqualTo: number,
  mustBeLessThan: number,
  mustBeLessOrEqualTo: number,
  mustBeBetween: pair,
  mustNotBeBetween: pair,
  unit: text(),
  query: text(),
  engine: text(),
  implementation: anything.optional(),
  dimension: text(),
  method: text(),
  severity: text(),
  businessImpact: text(),
  scheduler: text(),
  schedule: text(),
  tags,
  customProperties,
  authoritativeDefinitions,
})

const relationships = z
  .array(
    z.strictObject({
      id: text(),
      type: text(),
      from: z.union([z.string(), z.array(z.string())]).optional(),
      to: z.union([z.string(), z.array(z.string())]),
      customProperties,
    }),
  )
  .optional()

const bound = z
  .union([z.number(), z.string(), z.boolean()], { error: 'expected a number or a text' })
  .optional()
const size = z.number().int('must be a whole number').min(0, 'must not be negative').optional()

const logicalTypeOptions = z.strictObject({
  minLength: size,
  maxLength: size,
  pattern: text(),
  format: text(),
  minimum: bound,
  maximum: bound,
  exclusiveMinimum: bound,
  exclusiveMaximum: bound,
  multipleOf: z.number().optional(),
  timezone: z.boolean().optional(),
  defaultTimezone: text(),
  minItems: size,
  maxItems: size,
  uniqueItems: z.boolean().optional(),
  minProperties: size,
  maxProperties: size,
  required: z.array(z.string()).optional(),
})

const enumValue = z.strictObject({
  id: text(),
  value: scalar,
  label: text(),
  description: text(),
  tags,
  customProperties,
  authoritativeDefinitions,
})

const element = {
  id: text(),
  physicalName: text().describe('Name in the database, when it is another one'),
  businessName: text(),
  description: text(),
  deprecated: z.boolean().optional(),
  synonyms: z.array(anything).optional(),
  tags,
  quality: z.array(qualityDeclaration).optional(),
  relationships,
  customProperties,
  authoritativeDefinitions,
}

const LOGICAL_TYPES = [
  'string',
  'date',
  'timestamp',
  'time',
  'number',
  'integer',
  'object',
  'array',
  'boolean',
] as const

const baseProperty = {
  ...element,
  logicalType: z.enum(LOGICAL_TYPES).optional(),
  physicalType: text().describe(
    'Type of the column as Postgres names it, e.g. bigint, numeric(10,2), text[]',
  ),
  logicalTypeOptions: logicalTypeOptions.optional(),
  required: z.boolean().optional(),
  unique: z.boolean().optional(),
  primaryKey: z.boolean().optional(),
  primaryKeyPosition: z.number().int('must be a whole number').optional(),
  partitioned: z.boolean().optional(),
  partitionKeyPosition: z.number().int('must be a whole number').optional(),
  classification: text(),
  encryptedName: text(),
  criticalDataElement: z.boolean().optional(),
  semanticType: z.enum(['column', 'measure', 'dimension']).optional(),
  transformSourceObjects: z.array(z.string()).optional(),
  transformLogic: text(),
  transformDescription: text(),
  examples: z.array(anything).optional(),
  enum: z.array(enumValue).min(1, 'names at least one value').optional(),
}

const itemDeclaration = z.strictObject({
  ...baseProperty,
  name: text(),
  get items() {
    return nestedItem.optional()
  },
  get properties() {
    return z.array(nestedItem).optional()
  },
})

/** What stands inside arrays and objects is read as far as its shape; its rules are listed as not enforced. */
const nestedItem: z.ZodType<NestedProperty> = z.lazy(() => itemDeclaration) as never

export interface NestedProperty {
  name?: string | undefined
  required?: boolean | undefined
}

const propertyDeclaration = z.strictObject({
  ...baseProperty,
  name: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must begin with a letter or _ and hold only letters, digits and _')
    .regex(FREE_NAME, FREE_NAME_RULE),
  items: nestedItem.optional(),
  properties: z.array(nestedItem).optional(),
})

const objectDeclaration = z.strictObject({
  ...element,
  name: z.string().describe('Name of the dataset'),
  physicalName: text().describe('Table as schema.table; without a schema: public. Default: the name'),
  logicalType: z.enum(['object']).optional(),
  physicalType: text(),
  dataGranularityDescription: text(),
  context: anything.optional(),
  properties: z.array(propertyDeclaration).min(1, 'names at least one property'),
})

const slaProperty = z.strictObject({
  id: text(),
  property: z.string(),
  value: anything,
  valueExt: anything.optional(),
  unit: text(),
  element: text(),
  driver: text(),
  description: text(),
  scheduler: text(),
  schedule: text(),
  customProperties,
  authoritativeDefinitions,
})

export const contractDeclaration = z
  .strictObject({
    apiVersion: z.enum(API_VERSIONS).describe('Version of the Open Data Contract Standard'),
    kind: z.literal('DataContract'),
    id: z.string().min(1, 'must not be empty'),
    version: z.string().min(1, 'must not be empty'),
    status: z.string(),
    name: text(),
    tenant: text(),
    domain: text(),
    dataProduct: text(),
    context: anything.optional(),
    description: z
      .strictObject({
        purpose: text(),
        limitations: text(),
        usage: text(),
        authoritativeDefinitions,
        customProperties,
      })
      .optional(),
    tags,
    servers: z.array(z.looseObject({ server: z.string(), type: z.string() })).optional(),
    schema: z.array(objectDeclaration).min(1, 'names at least one dataset'),
    slaDefaultElement: text(),
    slaProperties: z.array(slaProperty).optional(),
    team: z
      .union([team, z.array(member)], { error: 'expected a mapping (v3.1) or a list of members (v3.0)' })
      .optional(),
    roles: z
      .array(
        z.strictObject({
          id: text(),
          role: z.string(),
          description: text(),
          access: text(),
          firstLevelApprovers: text(),
          secondLevelApprovers: text(),
          customProperties,
        }),
      )
      .optional(),
    support: z
      .array(
        z.strictObject({
          id: text(),
          channel: z.string(),
          url: text(),
          description: text(),
          tool: text(),
          scope: text(),
          invitationUrl: text(),
          customProperties,
        }),
      )
      .optional(),
    price: z
      .strictObject({ id: text(), priceAmount: number, priceCurrency: text(), priceUnit: text() })
      .optional(),
    authoritativeDefinitions,
    customProperties,
    contractCreatedTs: text(),
  })
  .describe('A data contract (Open Data Contract Standard v3.0 to v3.2): contracts/*.odcs.yaml')

export type ContractDeclaration = z.infer<typeof contractDeclaration>
export type ObjectDeclaration = z.infer<typeof objectDeclaration>
export type PropertyDeclaration = z.infer<typeof propertyDeclaration>
export type QualityDeclaration = z.infer<typeof qualityDeclaration>
export type CustomProperties = z.infer<typeof customProperties>
