import { LOCK_FILE, lockContracts } from '../contracts-lock.ts'
import type { PipelineFiles } from '../pipeline.ts'

/** A folder in memory. */
export const memoryFiles = (texts: Readonly<Record<string, string>>): PipelineFiles => ({
  read: path => (Object.hasOwn(texts, path) ? texts[path] : undefined),
  list: folder =>
    Object.keys(texts)
      .filter(path => path.startsWith(`${folder}/`))
      .map(path => path.slice(folder.length + 1))
      .sort(),
})

/** The same with the lock that fits. */
export const lockedFiles = (texts: Readonly<Record<string, string>>): PipelineFiles =>
  memoryFiles({ ...texts, [LOCK_FILE]: lockContracts(memoryFiles(texts)) })

export const PIPELINE = `name: shop
sources:
  main: { tables: [public.parent, child] }
`

export const contractText = (name: string, properties: string, head = ''): string => `apiVersion: v3.1.0
kind: DataContract
id: shop/${name}
version: 1.0.0
status: active
${head}schema:
  - name: ${name}
    properties:
${properties
  .trim()
  .split('\n')
  .map(line => `      ${line}`)
  .join('\n')}
`

export const PARENT = contractText(
  'parent',
  `
- { name: id, physicalType: bigint, primaryKey: true }
- { name: name, physicalType: text }
- { name: price, physicalType: "numeric(10,2)" }
- { name: data, physicalType: jsonb }
`,
)

export const CHILD = contractText(
  'child',
  `
- { name: id, physicalType: bigint, primaryKey: true }
- { name: parent_id, physicalType: bigint }
- { name: kind, physicalType: text }
- { name: n, physicalType: integer }
- { name: weight, physicalType: double precision }
- { name: gone, physicalType: timestamptz }
`,
)

export const VIEW = `view: parents
root: parent
fields: [id, name]
lists:
  children:
    from: child
    on: { parent_id: id }
    where: { gone: null, kind: [a, b] }
    orderBy: [n desc, id]
    fields: { no: id, kind: kind }
    limit: 10
    overflow: countOnly
aggregates:
  stats.count: { count: children }
  stats.kinds: { countBy: children.kind }
  stats.sum: { sum: children.n }
text: [name]
`

export const FOLDER = {
  'pipeline.yaml': PIPELINE,
  'contracts/parent.odcs.yaml': PARENT,
  'contracts/child.odcs.yaml': CHILD,
  'views/parents.view.yaml': VIEW,
}
