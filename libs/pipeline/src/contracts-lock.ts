import { HeadraceError } from '@headrace/errors'
import { fieldEncoding } from '@headrace/validation'
import { z } from 'zod'
import type { DatasetDraft } from './contracts/compile-contract.ts'
import { describeProblems } from './problems.ts'
import type { PipelineFiles, Problem } from './pipeline.ts'
import { readContracts } from './read-contracts.ts'

export const LOCK_FILE = 'contracts.lock.json'

/** Field 1 is the Origin; 19000 to 19999 belong to protobuf itself. */
const FIRST_NUMBER = 2
const RESERVED_FROM = 19_000
const RESERVED_TO = 20_000

const numbered = z.strictObject({ number: z.number().int().min(FIRST_NUMBER), encoding: z.string() })

const lockDeclaration = z.strictObject({
  lockVersion: z.literal(1),
  contracts: z.record(
    z.string(),
    z.strictObject({
      fields: z.record(z.string(), numbered),
      /** Numbers that were used once and must not be used again. */
      retired: z.array(z.strictObject({ name: z.string(), number: z.number().int(), encoding: z.string() })),
    }),
  ),
})

export type ContractsLock = z.infer<typeof lockDeclaration>
type ContractLock = ContractsLock['contracts'][string]

const EMPTY: ContractsLock = { lockVersion: 1, contracts: {} }

/** Undefined when there is no file; a problem when it is none of ours. */
export const readLock = (files: PipelineFiles, problems: Problem[]): ContractsLock | undefined => {
  const text = files.read(LOCK_FILE)
  if (text === undefined) return undefined
  try {
    return lockDeclaration.parse(JSON.parse(text))
  } catch {
    problems.push({
      file: LOCK_FILE,
      line: 1,
      column: 1,
      message: 'is no lock file of version 1; restore it from version control',
    })
    return undefined
  }
}

const highest = (lock: ContractLock): number =>
  Math.max(
    FIRST_NUMBER - 1,
    ...Object.values(lock.fields).map(each => each.number),
    ...lock.retired.map(each => each.number),
  )

const after = (number: number): number =>
  number + 1 >= RESERVED_FROM && number + 1 < RESERVED_TO ? RESERVED_TO : number + 1

const lockDataset = (draft: DatasetDraft, old: ContractLock): ContractLock => {
  const fields: ContractLock['fields'] = {}
  let last = highest(old)
  for (const field of draft.contract.fields) {
    const encoding = fieldEncoding(field)
    const known = Object.hasOwn(old.fields, field.name) ? old.fields[field.name] : undefined
    if (known?.encoding === encoding) {
      fields[field.name] = known
    } else {
      last = after(last)
      fields[field.name] = { number: last, encoding }
    }
  }
  const gone = Object.entries(old.fields)
    .filter(([name, { number }]) => fields[name]?.number !== number)
    .map(([name, { number, encoding }]) => ({ name, number, encoding }))
  return { fields, retired: [...old.retired, ...gone].sort((a, b) => a.number - b.number) }
}

const NOTHING: ContractLock = { fields: {}, retired: [] }

/** The lock that fits the contracts, made from the old one. A dataset that is gone keeps its numbers retired. */
export const nextLock = (drafts: readonly DatasetDraft[], old: ContractsLock = EMPTY): ContractsLock => {
  const contracts: ContractsLock['contracts'] = {}
  const names = [...new Set([...drafts.map(each => each.dataset), ...Object.keys(old.contracts)])].sort()
  for (const name of names) {
    const draft = drafts.find(each => each.dataset === name)
    const before = old.contracts[name] ?? NOTHING
    contracts[name] = draft === undefined ? retireAll(before) : lockDataset(draft, before)
  }
  return { lockVersion: 1, contracts }
}

const retireAll = (lock: ContractLock): ContractLock => ({
  fields: {},
  retired: [
    ...lock.retired,
    ...Object.entries(lock.fields).map(([name, { number, encoding }]) => ({ name, number, encoding })),
  ].sort((a, b) => a.number - b.number),
})

/** One line for each field, so a change is one line in a review. */
export const lockText = (lock: ContractsLock): string => {
  const datasets = Object.entries(lock.contracts).map(([name, { fields, retired }]) => {
    const live = Object.entries(fields).sort(([, a], [, b]) => a.number - b.number)
    const lines = live.map(
      ([field, { number, encoding }]) => `        ${JSON.stringify(field)}: ${inline({ number, encoding })}`,
    )
    const dead = retired.map(each => `        ${inline(each)}`)
    return `    ${JSON.stringify(name)}: {\n      "fields": ${block('{', lines, '}')},\n      "retired": ${block('[', dead, ']')}\n    }`
  })
  return `{\n  "lockVersion": 1,\n  "contracts": ${datasets.length === 0 ? '{}' : `{\n${datasets.join(',\n')}\n  }`}\n}\n`
}

const inline = (value: Readonly<Record<string, string | number>>): string =>
  `{ ${Object.entries(value)
    .map(([key, each]) => `${JSON.stringify(key)}: ${JSON.stringify(each)}`)
    .join(', ')} }`

const block = (open: string, lines: readonly string[], close: string): string =>
  lines.length === 0 ? `${open}${close}` : `${open}\n${lines.join(',\n')}\n      ${close}`

const canonical = (lock: ContractsLock): string => lockText(lock)

/** The lock says exactly what the contracts need. */
export const isCurrent = (drafts: readonly DatasetDraft[], lock: ContractsLock | undefined): boolean =>
  lock !== undefined && canonical(nextLock(drafts, lock)) === canonical(lock)

/** New text of contracts.lock.json: old numbers are kept, new fields get new ones, none is used twice. Throws pipeline.invalid. */
export const lockContracts = (files: PipelineFiles): string => {
  const problems: Problem[] = []
  const old = readLock(files, problems)
  const { drafts } = readContracts(files, 'withhold', problems)
  if (problems.length > 0) throw new HeadraceError('pipeline.invalid', describeProblems(problems))
  return lockText(nextLock(drafts, old))
}
