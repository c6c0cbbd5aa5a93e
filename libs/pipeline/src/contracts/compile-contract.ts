import type { Contract, ContractField, FieldRule } from '@headrace/validation'
import type { ColumnType } from '@headrace/wire'
import type {
  ContractDeclaration,
  CustomProperties,
  ObjectDeclaration,
  PropertyDeclaration,
} from '../declarations/contract-file.ts'
import type { Problem } from '../pipeline.ts'
import { suggestion } from '../yaml/nearest.ts'
import { type Doubts, UNREAD_NAME } from '../yaml/doubts.ts'
import type { YamlFile, YamlPath } from '../yaml/yaml-file.ts'
import { labelsOf } from './enum-labels.ts'
import { addOptions, addQuality, type RuleSink } from './field-rules.ts'
import {
  knownTypeNames,
  logicalTypesFor,
  parsePhysicalType,
  type PhysicalType,
  type TypeTraits,
} from './physical-types.ts'
import { primaryKeyOf } from './primary-key.ts'

/** A contract before its field numbers are known. */
export interface DatasetDraft {
  readonly file: YamlFile
  readonly path: YamlPath
  readonly dataset: string
  readonly table: { readonly schema: string; readonly name: string }
  readonly contract: Omit<Contract, 'fields' | 'table'> & {
    readonly fields: readonly Omit<ContractField, 'number'>[]
  }
  /** By field: what its type cannot be used for. */
  readonly traits: ReadonlyMap<string, TypeTraits>
  /** Fields that are declared, but wrongly: their mistakes are told once, not again wherever they are used. */
  readonly broken: ReadonlySet<string>
  /** Something is wrong where its fields are named: there may be others. */
  readonly vague: boolean
  /** What is wrong in the file may concern the table, so nothing is said of it. */
  readonly tableUnread: boolean
}

/** A contract file that is read, right or wrong. */
export interface ContractFile {
  readonly file: YamlFile
  readonly doubts: Doubts
  readonly problems: Problem[]
}

export const splitTable = (text: string): { readonly schema: string; readonly name: string } => {
  const dot = text.indexOf('.')
  return dot < 0
    ? { schema: 'public', name: text }
    : { schema: text.slice(0, dot), name: text.slice(dot + 1) }
}

const custom = (properties: CustomProperties, name: string): unknown =>
  properties?.find(each => each.property === name)?.value

/** Team name; else the owner among the members; else the first support channel. */
const ownerOf = (contract: ContractDeclaration): string => {
  const { team } = contract
  const members = Array.isArray(team) ? team : (team?.members ?? [])
  const owner = members.find(member => /owner/i.test(member.role ?? '')) ?? members[0]
  const name = Array.isArray(team) ? undefined : team?.name
  return name ?? owner?.name ?? owner?.username ?? contract.support?.[0]?.channel ?? ''
}

interface Place extends ContractFile {
  readonly unenforced: string[]
  readonly label: string
}

const enumName = (name: string): string => name.replace(/^public\./, '')

const columnType = (
  place: Place,
  property: PropertyDeclaration,
  path: YamlPath,
): PhysicalType | undefined => {
  const { file, problems, doubts } = place
  const isDoubtful = doubts.at([...path, 'physicalType'])
  if (property.physicalType === undefined) {
    if (isDoubtful) return undefined
    problems.push(
      file.problem(path, `"physicalType" is missing: the column's type as Postgres names it, e.g. bigint`),
    )
    return undefined
  }
  const physical = parsePhysicalType(property.physicalType)
  if (physical.unknown === undefined) return physical
  const { unknown, type, ...traits } = physical
  const labels = labelsOf(file, problems, property, path)
  if (labels !== undefined) return { type: { ...type, labels }, ...traits, enumName: enumName(unknown) }
  if (isDoubtful || ['enum', 'customProperties', 'quality'].some(key => doubts.within([...path, key])))
    return undefined
  const at = [...path, 'physicalType']
  const names = suggestion(unknown, knownTypeNames())
  problems.push(
    file.problem(
      at,
      `Postgres type "${property.physicalType}" is not known.${names} An enum needs its labels under "enum" or the custom property headrace.labels.`,
    ),
  )
  return undefined
}

const checkLogicalType = (
  place: Place,
  property: PropertyDeclaration,
  type: ColumnType,
  path: YamlPath,
): void => {
  const fitting = logicalTypesFor(type)
  if (property.logicalType === undefined || place.doubts.at([...path, 'logicalType'])) return
  if (fitting.includes(property.logicalType)) return
  const message = `logicalType "${property.logicalType}" does not fit physicalType "${property.physicalType}". Allowed: ${fitting.join(', ')}.`
  place.problems.push(place.file.problem([...path, 'logicalType'], message))
}

const DIGITS = /^-?\d+(\.\d+)?$/

/** Numbers that JavaScript cannot hold as they were written. */
const enumText = (sink: RuleSink, { kind }: ColumnType, value: unknown, path: YamlPath): string => {
  const source = sink.sourceText(path) ?? ''
  const isExact = /^(int|decimal)/.test(kind) && typeof value === 'number' && DIGITS.test(source)
  return isExact && !Number.isSafeInteger(value) ? source : String(value)
}

const enumRule = (
  sink: RuleSink,
  type: ColumnType,
  { enum: declared }: PropertyDeclaration,
  path: YamlPath,
): readonly FieldRule[] => {
  if (declared === undefined) return []
  const values = declared.flatMap(({ value }, index) => {
    const at = [...path, 'enum', index, 'value']
    if (value === null) {
      sink.problem(at, 'null is no value of an enum: a null satisfies every enum, leave it out')
      return []
    }
    return [enumText(sink, type, value, at)]
  })
  return [{ rule: 'enum', values }]
}

const listIgnored = (sink: RuleSink, property: PropertyDeclaration, path: YamlPath): void => {
  if (property.unique === true && property.primaryKey !== true) {
    sink.unenforced([...path, 'unique'], 'uniqueness cannot be judged per record')
  }
  if (property.properties !== undefined)
    sink.unenforced([...path, 'properties'], 'rules inside JSON are not enforced yet')
  if (property.relationships !== undefined)
    sink.unenforced([...path, 'relationships'], 'relationships are not judged per record')
}

const ruleSink = (place: Place): RuleSink => ({
  rules: [],
  required: false,
  itemsRequired: false,
  problem: (path, message) => {
    if (!place.doubts.at(path)) place.problems.push(place.file.problem(path, message))
  },
  unenforced: (path, why) => place.unenforced.push(`${path.map(String).join('.')}: ${why}`),
  sourceText: path => place.file.sourceText(path),
})

interface CompiledField {
  readonly field: Omit<ContractField, 'number'>
  readonly traits: TypeTraits
}

const compileField = (
  place: Place,
  property: PropertyDeclaration,
  path: YamlPath,
): CompiledField | undefined => {
  const physical = columnType(place, property, path)
  if (physical === undefined) return undefined
  const { type, ...traits } = physical
  checkLogicalType(place, property, type, path)
  const sink = ruleSink(place)
  sink.rules.push(...enumRule(sink, type, property, path))
  if (property.logicalTypeOptions !== undefined) {
    addOptions(sink, type, property.logicalType, property.logicalTypeOptions, [...path, 'logicalTypeOptions'])
  }
  property.quality?.forEach((quality, index) => addQuality(sink, quality, [...path, 'quality', index]))
  listIgnored(sink, property, path)
  const itemsRequired = property.items?.required === true
  const field = {
    name: property.name,
    column: property.physicalName ?? property.name,
    type,
    required: property.required === true || property.primaryKey === true || sink.required,
    ...(itemsRequired ? { itemsRequired } : {}),
    rules: sink.rules,
  }
  return { field, traits }
}

const checkDuplicates = (place: Place, object: ObjectDeclaration, path: YamlPath): void => {
  const seen = new Set<string>()
  const columns = new Set<string>()
  object.properties.forEach(({ name, physicalName }, index) => {
    if (name === UNREAD_NAME) return
    const column = physicalName ?? name
    const at = [...path, 'properties', index, 'name']
    if (seen.has(name)) place.problems.push(place.file.problem(at, `property "${name}" is there twice`))
    else if (columns.has(column))
      place.problems.push(place.file.problem(at, `column "${column}" is there twice`))
    seen.add(name)
    columns.add(column)
  })
}

const onInvalidOf = (
  place: Place,
  contract: ContractDeclaration,
  object: ObjectDeclaration,
  path: YamlPath,
  fallback: 'withhold' | 'keepLast',
): 'withhold' | 'keepLast' => {
  const value =
    custom(object.customProperties, 'headrace.onInvalid') ??
    custom(contract.customProperties, 'headrace.onInvalid')
  if (value === undefined) return fallback
  if (value === 'withhold' || value === 'keepLast') return value
  place.problems.push(
    place.file.problem([...path, 'customProperties'], 'headrace.onInvalid is withhold or keepLast'),
  )
  return fallback
}

const compileObject = (
  place: Place,
  contract: ContractDeclaration,
  object: ObjectDeclaration,
  path: YamlPath,
  onInvalid: 'withhold' | 'keepLast',
): DatasetDraft => {
  checkDuplicates(place, object, path)
  const compiled = object.properties.map((property, index) => {
    const at = [...path, 'properties', index]
    return property.name === UNREAD_NAME ? undefined : compileField(place, property, at)
  })
  const fields = compiled.filter(each => each !== undefined)
  const traits = new Map(fields.map(each => [each.field.name, each.traits]))
  const declared = object.properties.map(({ name }) => name)
  const primaryKey = primaryKeyOf(place, object, path)
  for (const name of primaryKey) {
    const why = traits.get(name)?.notAKey
    if (why !== undefined)
      place.problems.push(place.file.problem([...path, 'name'], `"${name}" cannot be a primary key: ${why}`))
  }
  object.quality?.forEach((_, index) =>
    place.unenforced.push(
      `${[...path, 'quality', index].join('.')}: rules of a whole dataset are not judged per record`,
    ),
  )
  return {
    file: place.file,
    path,
    dataset: object.name,
    table: splitTable(object.physicalName ?? object.name),
    contract: {
      id: contract.id,
      version: contract.version,
      owner: ownerOf(contract),
      dataset: object.name,
      kind: 'change',
      fields: fields.map(({ field }) => field),
      primaryKey,
      onInvalid: onInvalidOf(place, contract, object, path, onInvalid),
      unenforced: place.unenforced,
    },
    traits,
    broken: new Set(declared.filter(name => !traits.has(name))),
    vague: declared.includes(UNREAD_NAME) || place.doubts.at([...path, 'properties']),
    tableUnread: ['name', 'physicalName'].some(key => place.doubts.at([...path, key])),
  }
}

/** One contract document: a draft for each dataset of its schema. */
export const compileContract = (
  file: ContractFile,
  contract: ContractDeclaration,
  onInvalid: 'withhold' | 'keepLast',
): readonly DatasetDraft[] => {
  const sla = (contract.slaProperties ?? []).map(
    (each, index) => `slaProperties.${index}: ${each.property} is not judged per record`,
  )
  return contract.schema.map((object, index) => {
    const place: Place = { ...file, unenforced: [...sla], label: object.name }
    return compileObject(place, contract, object, ['schema', index], onInvalid)
  })
}
