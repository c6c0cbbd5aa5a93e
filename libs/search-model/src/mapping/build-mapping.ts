import { HeadraceError } from '@headrace/errors'
import type { ColumnType } from '@headrace/wire'
import type { DocumentShape, ShapeField } from '../document-shape.ts'
import { ERROR_FIELD, EXACT, joinPath, MAX_TEXT, NUMBER, SIDE, WORDS } from './index-names.ts'

export type MappingNode = { readonly [key: string]: unknown }

export interface IndexMapping {
  readonly mappings: MappingNode
  /** Limits of the index that follow from the shape. */
  readonly settings: Readonly<Record<string, string | number>>
}

const DATE_FORMAT = 'strict_date_optional_time'
const keyword: MappingNode = { type: 'keyword', ignore_above: MAX_TEXT }

/**
 * Dates keep Postgres' text as `exact`: it orders to the microsecond and holds infinity; the date itself has milliseconds
 * and leaves out what it cannot read.
 */
const date: MappingNode = {
  type: 'date',
  format: DATE_FORMAT,
  ignore_malformed: true,
  fields: { [EXACT]: keyword },
}

const valueNode = ({ kind }: ColumnType, text: boolean): MappingNode => {
  switch (kind) {
    case 'boolean':
      return { type: 'boolean' }
    case 'int16':
    case 'int32':
    case 'int64':
      return { type: 'long' }
    // NaN and the infinities stay in the document but cannot be indexed
    case 'float32':
      return { type: 'float', ignore_malformed: true }
    case 'float64':
      return { type: 'double', ignore_malformed: true }
    case 'decimal':
      return { ...keyword, fields: { [NUMBER]: { type: 'double', ignore_malformed: true } } }
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return date
    // any JSON is taken; what is searched of it is in the side field (docs/decisions/0006)
    case 'json':
      return { type: 'object', enabled: false }
    case 'text':
    case 'uuid':
    case 'bytes':
    case 'time':
      return text ? { ...keyword, fields: { [WORDS]: { type: 'text' } } } : keyword
  }
}

const flattened: MappingNode = { type: 'flattened', ignore_above: MAX_TEXT, depth_limit: 64 }
const countsNode: MappingNode = {
  type: 'nested',
  dynamic: 'strict',
  properties: { key: keyword, n: { type: 'long' } },
}

interface Walk {
  fields: number
  nested: number
  readonly excludes: string[]
}

const setDeep = (target: Record<string, unknown>, path: readonly string[], node: MappingNode): void => {
  const [head, ...rest] = path
  if (head === undefined) return
  if (rest.length === 0) {
    target[head] = node
    return
  }
  const holder = (target[head] ??= { dynamic: 'strict', properties: {} }) as {
    properties: Record<string, unknown>
  }
  setDeep(holder.properties, rest, node)
}

const objectNode = (
  fields: readonly ShapeField[],
  inSide: readonly string[],
  side: Record<string, unknown>,
  scope: string,
  walk: Walk,
): MappingNode => {
  const properties: Record<string, unknown> = {}
  for (const field of fields) {
    if (field.name === SIDE || field.name === ERROR_FIELD || field.name.includes('.')) {
      throw new HeadraceError('pipeline.invalid', `a document field cannot be called "${field.name}"`)
    }
    properties[field.name] = fieldNode(
      field,
      [...inSide, field.name],
      side,
      joinPath(scope, field.name),
      walk,
    )
    walk.fields++
  }
  return { dynamic: 'strict', properties }
}

/** A list is a scope of its own: its elements carry their own side fields. */
const listNode = (fields: readonly ShapeField[], scope: string, walk: Walk): MappingNode => {
  const side: Record<string, unknown> = {}
  const node = objectNode(fields, [], side, scope, walk)
  walk.nested++
  if (Object.keys(side).length === 0) return { type: 'nested', ...node }
  walk.excludes.push(`${scope}.${SIDE}`)
  return {
    type: 'nested',
    ...node,
    properties: { ...(node['properties'] as object), [SIDE]: { dynamic: 'strict', properties: side } },
  }
}

const fieldNode = (
  field: ShapeField,
  inSide: readonly string[],
  side: Record<string, unknown>,
  path: string,
  walk: Walk,
): MappingNode => {
  switch (field.kind) {
    case 'value':
      if (field.type.kind === 'json') setDeep(side, inSide, flattened)
      return valueNode(field.type, field.text)
    case 'object':
      return objectNode(field.fields, inSide, side, path, walk)
    case 'list':
      return listNode(field.fields, path, walk)
    case 'counts':
      walk.nested++
      setDeep(side, inSide, countsNode)
      // its keys are data: the object stays in the document, the index has {key, n} in the side field
      return { type: 'object', enabled: false }
  }
}

/**
 * The explicit mapping of a view's index (06 E10): nothing is mapped by accident, whatever is not in the shape is refused.
 * `_source` holds the document only; index-only fields stand under `_x`.
 */
export const buildMapping = (shape: DocumentShape): IndexMapping => {
  const walk: Walk = { fields: 0, nested: 0, excludes: [SIDE] }
  const side: Record<string, unknown> = {
    key: { type: 'keyword' },
    verbatim: { type: 'text', index: false, store: true, norms: false },
  }
  const root = objectNode(shape.fields, [], side, '', walk)
  return {
    mappings: {
      dynamic: 'strict',
      _source: { excludes: walk.excludes },
      properties: {
        ...(root['properties'] as object),
        [SIDE]: { dynamic: 'strict', properties: side },
        [ERROR_FIELD]: { type: 'keyword', ignore_above: MAX_TEXT },
      },
    },
    settings: {
      // a field has up to two sub-fields and a side field
      'index.mapping.total_fields.limit': Math.max(1_000, walk.fields * 4),
      'index.mapping.nested_fields.limit': Math.max(50, walk.nested + 1),
      'index.mapping.nested_objects.limit': 100_000,
    },
  }
}
