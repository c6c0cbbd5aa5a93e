import type { FieldsDeclaration, ListDeclaration, ReferenceDeclaration } from '../declarations/view-file.ts'
import { UNREAD_NAME } from '../yaml/doubts.ts'
import type { YamlPath } from '../yaml/yaml-file.ts'
import type { ViewScope } from './view-scope.ts'

/** What a node declares, right or wrong. */
export interface NodeParts {
  readonly fields?: FieldsDeclaration | undefined
  readonly one?: Readonly<Record<string, ReferenceDeclaration>> | undefined
  readonly lists?: Readonly<Record<string, ListDeclaration>> | undefined
}

/** A name that a node puts into its object. `key`: it is a key of the mapping at `at`; else it is the value at `at`. */
export interface DocumentName {
  readonly name: string
  readonly under: 'fields' | 'one' | 'lists'
  readonly at: YamlPath
  readonly key?: string
}

const fieldNames = (
  fields: FieldsDeclaration | undefined,
  under: DocumentName['under'],
  path: YamlPath,
): readonly DocumentName[] =>
  Array.isArray(fields)
    ? fields.map((name, index) => ({ name, under, at: [...path, index] }))
    : Object.keys(fields ?? {}).map(name => ({ name, under, at: path, key: name }))

/** All names of a node's object, from the declaration: those that did not compile are there, too. */
export const documentNames = ({ fields, one, lists }: NodeParts, path: YamlPath): readonly DocumentName[] => [
  ...fieldNames(fields, 'fields', [...path, 'fields']),
  ...Object.entries(one ?? {}).flatMap(([name, reference]): readonly DocumentName[] =>
    reference.flatten
      ? fieldNames(reference.fields, 'one', [...path, 'one', name, 'fields'])
      : [{ name, under: 'one', at: [...path, 'one'], key: name }],
  ),
  ...Object.keys(lists ?? {}).map((name): DocumentName => ({
    name,
    under: 'lists',
    at: [...path, 'lists'],
    key: name,
  })),
]

/** Paths of all fields of the document, from the declaration. */
export const documentPaths = ({ fields, one, lists }: NodeParts, prefix = ''): readonly string[] => [
  ...fieldNames(fields, 'fields', []).map(({ name }) => prefix + name),
  ...Object.entries(one ?? {}).flatMap(([name, reference]) =>
    documentPaths({ fields: reference.fields }, reference.flatten ? prefix : `${prefix}${name}.`),
  ),
  ...Object.entries(lists ?? {}).flatMap(([name, list]) => documentPaths(list, `${prefix}${name}.`)),
]

/** Names that the index needs for itself (libs/search-model). */
const INDEX_NAMES = ['_x', '_error']
/** Metadata fields of Elasticsearch: no document may have them at its root. */
const METADATA_NAMES = [
  '_data_stream_timestamp',
  '_doc_count',
  '_feature',
  '_field_names',
  '_id',
  '_ignored',
  '_ignored_source',
  '_index',
  '_inference_fields',
  '_nested_path',
  '_primary_term',
  '_recovery_source',
  '_routing',
  '_seq_no',
  '_size',
  '_source',
  '_tier',
  '_type',
  '_version',
]

/** Why a document cannot have a field of this name. */
export const nameMistake = (name: string, atRoot: boolean): string | undefined => {
  if (INDEX_NAMES.includes(name))
    return `a document field cannot be called "${name}": the index needs the name`
  if (atRoot && METADATA_NAMES.includes(name))
    return `a document field cannot be called "${name}": Elasticsearch has a field of that name`
  return undefined
}

const report = (scope: ViewScope, { at, key }: DocumentName, message: string): void =>
  key === undefined ? scope.problem(at, message) : scope.problemAtKey(at, key, message)

/** Every name of a node's object stands once. */
export const checkNames = (scope: ViewScope, parts: NodeParts, path: YamlPath): void => {
  const seen = new Map<string, DocumentName['under']>()
  for (const each of documentNames(parts, path)) {
    const { name, under } = each
    if (name === UNREAD_NAME) continue
    const mistake = nameMistake(name, path.length === 0)
    if (mistake !== undefined) report(scope, each, mistake)
    const before = seen.get(name)
    // the same field twice is told where fields are read
    if (before !== undefined && !(before === 'fields' && under === 'fields'))
      report(scope, each, `"${name}" is a name in "${before}" and again in "${under}"`)
    seen.set(name, under)
  }
}
