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
import type { YamlFile, YamlPath } from '../yaml/yaml-file.ts'
import { addOptions, addQuality, type RuleSink } from './field-rules.ts'
import { knownTypeNames, logicalTypesFor, parsePhysicalType, type PhysicalType } from './physical-types.ts'

/** A contract before its field numbers are known. */
export interface DatasetDraft {
  readonly file: YamlFile
  readonly path: YamlPath
  readonly dataset: string
  readonly table: { readonly schema: string; readonly name: string }
  readonly contract: Omit<Contract, 'fields' | 'table'> & {
    readonly fields: readonly Omit<ContractField, 'number'>[]
  }
  /** Fields whose values are no keys, and why. */
  readonly notKeys: ReadonlyMap<string, string>
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

/** Labels of an enum in their declared order. */
const labelsOf = (property: PropertyDeclaration): readonly string[] | undefined => {
  const own = custom(property.customProperties, 'headrace.labels')
  if (Array.isArray(own)) return own.map(String)
  if (property.enum !== undefined) return property.enum.map(each => String(each.value))
  const rule = property.quality?.find(each => each.metric === 'invalidValues')
  const values = rule?.arguments?.['validValues']
  return Array.isArray(values) ? values.map(String) : undefined
}

interface Place {
  readonly file: YamlFile
  readonly problems: Problem[]
  readonly unenforced: string[]
  readonly label: string
}

const columnType = (
  place: Place,
  property: PropertyDeclaration,
  path: YamlPath,
): PhysicalType | undefined => {
  const { file, problems } = place
  if (property.physicalType === undefined) {
    problems.push(
      file.problem(path, `"physicalType" is missing: the column's type as Postgres names it, e.g. bigint`),
    )
    return undefined
  }
  const physical = parsePhysicalType(property.physicalType)
  const labels = labelsOf(property)
  if (physical.unknown === undefined) return physical
  if (labels !== undefined) return { type: { ...physical.type, labels } }
  const at = [...path, 'physicalType']
  const names = suggestion(physical.unknown, knownTypeNames())
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
  if (property.logicalType === undefined || fitting.includes(property.logicalType)) return
  const message = `logicalType "${property.logicalType}" does not fit physicalType "${property.physicalType}". Allowed: ${fitting.join(', ')}.`
  place.problems.push(place.file.problem([...path, 'logicalType'], message))
}

const enumRule = (property: PropertyDeclaration): readonly FieldRule[] =>
  property.enum === undefined ? [] : [{ rule: 'enum', values: property.enum.map(each => String(each.value)) }]

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
  problem: (path, message) => place.problems.push(place.file.problem(path, message)),
  unenforced: (path, why) => place.unenforced.push(`${path.map(String).join('.')}: ${why}`),
  sourceText: path => place.file.sourceText(path),
})

interface CompiledField {
  readonly field: Omit<ContractField, 'number'>
  readonly notAKey: string | undefined
}

const compileField = (
  place: Place,
  property: PropertyDeclaration,
  path: YamlPath,
): CompiledField | undefined => {
  const physical = columnType(place, property, path)
  if (physical === undefined) return undefined
  const { type } = physical
  checkLogicalType(place, property, type, path)
  const sink = ruleSink(place)
  sink.rules.push(...enumRule(property))
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
  return { field, notAKey: physical.notAKey }
}

const primaryKeyOf = (place: Place, object: ObjectDeclaration, path: YamlPath): readonly string[] => {
  const keys = object.properties
    .map((property, index) => ({ property, index }))
    .filter(({ property }) => property.primaryKey === true)
    .sort(
      (a, b) =>
        (a.property.primaryKeyPosition ?? a.index + 1) - (b.property.primaryKeyPosition ?? b.index + 1),
    )
  if (keys.length === 0) {
    place.problems.push(
      place.file.problem([...path, 'name'], `dataset "${object.name}" has no property with primaryKey: true`),
    )
  }
  return keys.map(({ property }) => property.name)
}

const checkDuplicates = (place: Place, object: ObjectDeclaration, path: YamlPath): void => {
  const seen = new Set<string>()
  const columns = new Set<string>()
  object.properties.forEach(({ name, physicalName }, index) => {
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
  const compiled = object.properties.map((property, index) =>
    compileField(place, property, [...path, 'properties', index]),
  )
  const fields = compiled.filter(each => each !== undefined)
  const notKeys = new Map(
    fields.flatMap(({ field, notAKey }) => (notAKey === undefined ? [] : [[field.name, notAKey] as const])),
  )
  const primaryKey = primaryKeyOf(place, object, path)
  for (const name of primaryKey) {
    const why = notKeys.get(name)
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
    notKeys,
  }
}

/** One contract document: a draft for each dataset of its schema. */
export const compileContract = (
  file: YamlFile,
  contract: ContractDeclaration,
  onInvalid: 'withhold' | 'keepLast',
  problems: Problem[],
): readonly DatasetDraft[] => {
  const sla = (contract.slaProperties ?? []).map(
    (each, index) => `slaProperties.${index}: ${each.property} is not judged per record`,
  )
  return contract.schema.map((object, index) => {
    const place: Place = { file, problems, unenforced: [...sla], label: object.name }
    return compileObject(place, contract, object, ['schema', index], onInvalid)
  })
}
