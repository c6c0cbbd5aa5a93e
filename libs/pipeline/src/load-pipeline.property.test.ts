import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { compilePlan, type OracleTable, viewToSql } from '@headrace/denormalise'
import { HeadraceError } from '@headrace/errors'
import { buildMapping } from '@headrace/search-model'
import { deriveMessage } from '@headrace/validation'
import fc from 'fast-check'
import { LOCK_FILE, lockContracts } from './contracts-lock.ts'
import { inspectPipeline } from './load-pipeline.ts'
import type { Pipeline, Problem } from './pipeline.ts'
import { memoryFiles } from './testing/memory-files.ts'
import { type Mutation, mutateYaml, mutations } from './testing/yaml-mutations.ts'

/** A folder of many files takes longer. */
const RUNS: Readonly<Record<string, number>> = { 'image-search': 300, retail: 100 }

type Texts = Readonly<Record<string, string>>

const readExample = (name: string): Texts => {
  const root = join(import.meta.dirname, '../../../examples', name, 'pipeline')
  const paths = ['contracts', 'views'].flatMap(folder =>
    readdirSync(join(root, folder)).map(file => `${folder}/${file}`),
  )
  return Object.fromEntries(
    ['pipeline.yaml', ...paths].map(path => [path, readFileSync(join(root, path), 'utf8')]),
  )
}

/** Half of the mutations are in views, where most of the checks are. */
const pathsOf = (texts: Texts): readonly string[] => {
  const paths = Object.keys(texts)
  const views = paths.filter(path => path.startsWith('views/'))
  return [...paths, ...paths.flatMap((_, index) => views[index % views.length] ?? [])]
}

const columnsOf = (texts: Texts): readonly string[] =>
  Object.values(texts).flatMap(text => [...text.matchAll(/- name: (\w+)/g)].flatMap(match => match[1] ?? []))

const mutated = (texts: Texts, steps: readonly Mutation[]): Texts => {
  const out: Record<string, string> = { ...texts }
  const paths = pathsOf(texts)
  const columns = columnsOf(texts)
  for (const step of steps) {
    const path = paths[step.file % paths.length]!
    out[path] = mutateYaml(out[path]!, step, columns)
  }
  return out
}

/** With the lock that fits, where one can be made. */
const withLock = (texts: Texts): Texts => {
  try {
    return { ...texts, [LOCK_FILE]: lockContracts(memoryFiles(texts)) }
  } catch (error) {
    if (!(error instanceof HeadraceError)) throw error
    return texts
  }
}

const isInside = (texts: Texts, { file, line, column }: Problem): boolean => {
  const text = texts[file]
  // the lock that could not be made
  if (text === undefined) return file === LOCK_FILE && line === 1 && column === 1
  const found = text.split('\n')[line - 1]
  return found !== undefined && column >= 1 && column <= found.length + 1
}

const compileAll = ({ datasets, views }: Pipeline): void => {
  const tables = new Map(
    [...datasets].map(([name, { contract }]): readonly [string, OracleTable] => [
      name,
      {
        schema: contract.table!.schema,
        name: contract.table!.name,
        columns: new Map(contract.fields.map(field => [field.name, field.column])),
      },
    ]),
  )
  for (const { contract } of datasets.values()) deriveMessage(contract)
  for (const { definition, shape } of views.values()) {
    compilePlan(definition)
    buildMapping(shape)
    viewToSql(definition, tables)
    viewToSql(definition, tables, { keys: 2 })
  }
}

const ROUNDS = 8

describe.each(Object.keys(RUNS))('the folder %s', name => {
  const example = readExample(name)
  const runs = RUNS[name] ?? 100

  it('is right', () => {
    const { pipeline, problems } = inspectPipeline(memoryFiles(withLock(example)))
    expect(problems).toEqual([])
    compileAll(pipeline!)
  })

  it('with mutations is refused with positions inside its files, or compiles', () => {
    let accepted = 0
    // the mutations are not all mistakes
    for (let round = 0; round === 0 || (round < ROUNDS && accepted === 0); round++)
      fc.assert(
        fc.property(mutations(), steps => {
          const texts = withLock(mutated(example, steps))
          const { pipeline, problems } = inspectPipeline(memoryFiles(texts))
          for (const problem of problems) {
            if (!isInside(texts, problem)) throw new RangeError(JSON.stringify(problem))
          }
          expect(problems.length > 0).toBe(pipeline === undefined)
          if (pipeline === undefined) return
          accepted++
          compileAll(pipeline)
        }),
        { numRuns: runs },
      )
    expect(accepted).toBeGreaterThan(0)
  })
})
