import { NAME_PATTERN } from '@headrace/wire'
import { compileContract, type DatasetDraft } from './contracts/compile-contract.ts'
import { contractDeclaration } from './declarations/contract-file.ts'
import { FREE_NAME, FREE_NAME_RULE, NAME_RULE } from './declarations/pipeline-file.ts'
import type { PipelineFiles, Problem } from './pipeline.ts'
import { type UnreadContracts, unreadContracts } from './unread-contracts.ts'
import { checkDeclaration } from './yaml/check-declaration.ts'
import { parseYaml, type YamlFile } from './yaml/yaml-file.ts'

const YAML = /\.ya?ml$/

/** YAML files of a sub-folder; those with another ending are mistakes, not silently left out. */
export const readFolder = (
  files: PipelineFiles,
  folder: string,
  ending: string,
  problems: Problem[],
): readonly YamlFile[] => {
  const found: YamlFile[] = []
  for (const name of files.list(folder)) {
    const path = `${folder}/${name}`
    if (name.endsWith(ending)) found.push(parseYaml(path, files.read(path) ?? ''))
    else if (YAML.test(name))
      problems.push({ file: path, line: 1, column: 1, message: `files in ${folder}/ end in ${ending}` })
  }
  return found
}

export interface ReadContracts {
  readonly drafts: readonly DatasetDraft[]
  readonly unread: UnreadContracts
}

/** All datasets of contracts/. Their field numbers are not known yet. */
export const readContracts = (
  files: PipelineFiles,
  onInvalid: 'withhold' | 'keepLast',
  problems: Problem[],
): ReadContracts => {
  const drafts: DatasetDraft[] = []
  const wrong: YamlFile[] = []
  const before = problems.length
  const found = readFolder(files, 'contracts', '.odcs.yaml', problems)
  const strangers = problems.length > before
  for (const file of found) {
    const contract = checkDeclaration(file, contractDeclaration, problems)
    if (contract === undefined) wrong.push(file)
    else drafts.push(...compileContract(file, contract, onInvalid, problems))
  }
  checkNames(drafts, problems)
  return { drafts, unread: unreadContracts(wrong, strangers) }
}

const checkNames = (drafts: readonly DatasetDraft[], problems: Problem[]): void => {
  const first = new Map<string, string>()
  for (const { dataset, file, path } of drafts) {
    const at = [...path, 'name']
    const other = first.get(dataset)
    if (!NAME_PATTERN.test(dataset))
      problems.push(file.problem(at, `dataset "${dataset}": the name ${NAME_RULE}`))
    if (!FREE_NAME.test(dataset))
      problems.push(file.problem(at, `dataset "${dataset}": the name ${FREE_NAME_RULE}`))
    if (other !== undefined)
      problems.push(file.problem(at, `dataset "${dataset}" has a contract already, in ${other}`))
    else first.set(dataset, file.file)
  }
}
