import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { LOCK_FILE, lockContracts } from '@headrace/pipeline'
import { readPipelineFolder } from '@headrace/runtime'
import type { Context } from '../output.ts'
import { addRules } from './contracts-check.ts'
import { addPull } from './contracts-pull.ts'

/** Writes the lock when it would change. The file appears whole or not at all. Throws pipeline.invalid. */
export const writeLock = (dir: string): { readonly file: string; readonly changed: boolean } => {
  const text = lockContracts(readPipelineFolder(dir))
  const file = join(dir, LOCK_FILE)
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return { file, changed: false }
  const beside = `${file}.${process.pid}`
  writeFileSync(beside, text)
  renameSync(beside, file)
  return { file, changed: true }
}

/** `headrace contracts lock | pull | check` */
export const addContracts = (program: Command, context: Context): void => {
  const { out } = context
  const contracts = program.command('contracts').description('data contracts of a pipeline folder')
  contracts
    .command('lock')
    .description(`pin the field numbers of all contracts in ${LOCK_FILE}; commit the file`)
    .argument('<dir>', 'folder that holds pipeline.yaml')
    .option('--json', 'print one JSON object')
    .action((dir: string) => {
      const result = writeLock(dir)
      out.value(result)
      out.line(
        result.changed
          ? `${result.file} written: commit it`
          : `${result.file} needs no change: every field has its number`,
      )
    })
  addPull(contracts, context)
  addRules(contracts, context)
}
