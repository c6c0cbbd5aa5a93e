import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { loadPipeline, LOCK_FILE, lockContracts, type Pipeline } from '@headrace/pipeline'
import { readPipelineFolder } from '@headrace/runtime'

export const contract = (name: string, properties: string): string => `
apiVersion: v3.1.0
kind: DataContract
id: test/${name}
version: 1.0.0
status: active
team: { name: testers }
schema:
  - name: ${name}
    physicalName: public.${name}
    properties:
      - { name: id, physicalType: bigint, primaryKey: true }
${properties}
`

const view = `
view: parents
root: parent
fields: [id, title, extra, changed_at]
lists:
  children:
    from: child
    on: { parent_id: id }
    where: { hidden: null }
    orderBy: [rank]
    fields: [id, class, rank]
aggregates:
  summary.count: { count: children }
  summary.class_count: { countBy: children.class }
`

/** Paths and texts of a pipeline folder. */
export type TestFiles = (name: string, partitions: number) => Readonly<Record<string, string>>

const parentsFiles: TestFiles = (name, partitions) => ({
  'pipeline.yaml': `name: ${name}\npartitions: ${partitions}\nsources: { main: { tables: [parent, child] } }\n`,
  'contracts/parent.odcs.yaml': contract(
    'parent',
    `      - { name: title, physicalType: text }
      - { name: extra, physicalType: jsonb }
      - { name: changed_at, physicalType: timestamptz }`,
  ),
  'contracts/child.odcs.yaml': contract(
    'child',
    `      - { name: parent_id, physicalType: bigint }
      - { name: class, physicalType: text }
      - { name: rank, physicalType: integer }
      - { name: hidden, physicalType: text }
      - { name: note, physicalType: text }`,
  ),
  'views/parents.view.yaml': view,
})

/** A pipeline folder on disk, and what it says: two datasets and one view, or others. */
export const testFolder = (
  name: string,
  partitions: number,
  files: TestFiles = parentsFiles,
): { readonly folder: string; readonly pipeline: Pipeline } => {
  const folder = mkdtempSync(join(tmpdir(), `${name}-`))
  for (const [path, text] of Object.entries(files(name, partitions))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  writeFileSync(join(folder, LOCK_FILE), lockContracts(readPipelineFolder(folder)))
  return { folder, pipeline: loadPipeline(readPipelineFolder(folder)) }
}
