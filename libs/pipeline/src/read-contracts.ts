import { NAME_PATTERN } from '@headrace/wire'
import { compileContract, type DatasetDraft } from './contracts/compile-contract.ts'
import { contractDeclaration } from './declarations/contract-file.ts'
import { FREE_NAME, FREE_NAME_RULE, NAME_RULE } from './declarations/pipeline-file.ts'
import type { PipelineFiles, Problem } from './pipeline.ts'
import { type UnreadContracts, unreadContracts, type WrongFile } from './unread-contracts.ts'
import { checkDeclaration } from './yaml/check-declaration.ts'
import { UNREAD_NAME } from './yaml/doubts.ts'
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
  const wrong: WrongFile[] = []
  const before = problems.length
  const found = readFolder(files, 'contracts', '.odcs.yaml', problems)
  const strangers = problems.length > before
  for (const file of found) {
    const declared = checkDeclaration(file, contractDeclaration, problems)
    if (declared === undefined) {
      wrong.push({ file, isUnread: () => true })
      continue
    }
    const { doubts } = declared
    const isUnread = (index: number): boolean =>
      ['name', 'physicalName'].some(key => doubts.at(['schema', index, key]))
    wrong.push({ file, isUnread })
    const compiled = compileContract({ file, doubts, problems }, declared.value, onInvalid)
    drafts.push(...compiled.filter(({ dataset }) => dataset !== UNREAD_NAME))
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
