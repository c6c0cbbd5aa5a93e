import { loadPipeline, LOCK_FILE, lockContracts, type Pipeline, type PipelineFiles } from '@headrace/pipeline'
import { type RelationColumn, type RelationDescription } from '@headrace/wire'

const contract = (name: string, onInvalid: 'withhold' | 'keepLast'): string => `
apiVersion: v3.1.0
kind: DataContract
id: test/${name}
version: 2.1.0
status: active
team: { name: testers }
customProperties: [{ property: headrace.onInvalid, value: ${onInvalid} }]
schema:
  - name: ${name}
    physicalName: public.${name}
    properties:
      - { name: id, physicalType: bigint, primaryKey: true }
      - { name: label, physicalType: text, required: true, logicalTypeOptions: { maxLength: 8, pattern: '^[a-z]+$' } }
      - { name: width, physicalType: integer, logicalTypeOptions: { minimum: 1, maximum: 1000 } }
      - { name: colour, physicalType: text, enum: [{ value: red }, { value: green }] }
      - { name: mail, physicalType: text, logicalTypeOptions: { format: email } }
      - { name: seen, physicalType: timestamptz }
      - { name: extra, physicalType: jsonb }
`

const folder = (name: string): Map<string, string> =>
  new Map([
    [
      'pipeline.yaml',
      `name: ${name}\npartitions: 2\nsources: { main: { tables: [shape, thing] } }\nlimits: { rowBytes: 100000 }\n`,
    ],
    ['contracts/shape.odcs.yaml', contract('shape', 'withhold')],
    ['contracts/thing.odcs.yaml', contract('thing', 'keepLast')],
  ])

/** Two datasets with the same columns: `shape` withholds rejected rows, `thing` keeps the last good ones. */
export const testPipeline = (name: string): Pipeline => {
  const texts = folder(name)
  const files: PipelineFiles = {
    read: path => texts.get(path),
    list: sub =>
      [...texts.keys()]
        .filter(path => path.startsWith(`${sub}/`))
        .map(path => path.slice(sub.length + 1))
        .sort(),
  }
  texts.set(LOCK_FILE, lockContracts(files))
  return loadPipeline(files)
}

const COLUMNS: readonly (readonly [string, number])[] = [
  ['id', 20],
  ['label', 25],
  ['width', 23],
  ['colour', 25],
  ['mail', 25],
  ['seen', 1184],
  ['extra', 3802],
]

/** Description of a test table; the fingerprint is given by hand. */
export const testRelation = (table: string, fingerprint: bigint): RelationDescription => ({
  fingerprint,
  schema: 'public',
  table,
  oid: 1000,
  replicaIdentity: 'd',
  columns: COLUMNS.map(([name, typeOid]): RelationColumn => ({
    name,
    typeOid,
    typeModifier: -1,
    key: name === 'id',
  })),
})
