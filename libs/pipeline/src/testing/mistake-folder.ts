import { inspectPipeline } from '../load-pipeline.ts'
import { formatProblem } from '../problems.ts'
import { contractText, memoryFiles } from './memory-files.ts'

export const ROWS_CONTRACT = contractText(
  'row',
  `
- { name: id, physicalType: bigint, primaryKey: true }
- { name: owner_id, physicalType: bigint }
- { name: small, physicalType: smallint }
- { name: big, physicalType: bigint }
- { name: price, physicalType: "numeric(12,2)" }
- { name: weight, physicalType: real }
- { name: code, physicalType: uuid }
- { name: day, physicalType: date }
- { name: clock, physicalType: timetz }
- { name: local, physicalType: timestamp }
- { name: at, physicalType: timestamptz }
- { name: yes, physicalType: boolean }
- { name: word, physicalType: text }
- { name: padded, physicalType: char(3) }
- { name: address, physicalType: inet }
- { name: mood, physicalType: mood, enum: [{ value: sad }, { value: happy }] }
- { name: colour, physicalType: colour, enum: [{ value: sad }, { value: happy }] }
- { name: data, physicalType: jsonb }
`,
)

export const OWNER_CONTRACT = contractText(
  'owner',
  `
- { name: id, physicalType: bigint, primaryKey: true }
- { name: name, physicalType: text }
`,
)

/** Keyed by an enum. */
export const MOODS_CONTRACT = contractText(
  'moods',
  `
- { name: mood, physicalType: mood, primaryKey: true, enum: [{ value: sad }, { value: happy }] }
- { name: name, physicalType: text }
`,
)

export const OWNERS_VIEW = `view: owners
root: owner
fields: [id, name]
lists:
  rows:
    from: row
    on: { owner_id: id }
    where: { id: { not: null } }
    orderBy: [big]
    fields: [id, word, mood, address]
aggregates:
  stats.n: { count: rows }
text: [name]
`

const MOODS_VIEW = `view: moods
root: moods
fields: [mood, name]
`

export const MISTAKE_FOLDER = {
  'pipeline.yaml': 'name: test\nsources: { main: { tables: [row, owner, moods] } }\n',
  'contracts/moods.odcs.yaml': MOODS_CONTRACT,
  'contracts/owner.odcs.yaml': OWNER_CONTRACT,
  'contracts/row.odcs.yaml': ROWS_CONTRACT,
  'views/moods.view.yaml': MOODS_VIEW,
  'views/owners.view.yaml': OWNERS_VIEW,
}

/** Problems of the folder with some files changed, but for the lock, which is never there. */
export const problemsOf = (changed: Readonly<Record<string, string>>): readonly string[] =>
  inspectPipeline(memoryFiles({ ...MISTAKE_FOLDER, ...changed }))
    .problems.map(formatProblem)
    .filter(text => !text.startsWith('contracts.lock.json'))

const replaced = (file: keyof typeof MISTAKE_FOLDER, from: string, to: string): readonly string[] => {
  const text: string = MISTAKE_FOLDER[file]
  if (!text.includes(from)) throw new RangeError(`${file} holds no ${from}`)
  return problemsOf({ [file]: text.replace(from, to) })
}

export const inOwners = (from: string, to: string): readonly string[] =>
  replaced('views/owners.view.yaml', from, to)

export const inMoods = (from: string, to: string): readonly string[] =>
  replaced('views/moods.view.yaml', from, to)

export const inRows = (from: string, to: string): readonly string[] =>
  replaced('contracts/row.odcs.yaml', from, to)
