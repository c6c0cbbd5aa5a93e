import type { Command } from 'commander'
import { inspectPipeline, type Pipeline, formatProblem } from '@headrace/pipeline'
import { HeadraceError } from '@headrace/errors'
import { readPipelineFolder } from '@headrace/runtime'
import type { Contract } from '@headrace/validation'
import type { Context } from '../output.ts'

type Field = Contract['fields'][number]
type Rule = Field['rules'][number]

const describeRule = (rule: Rule): string => {
  switch (rule.rule) {
    case 'enum':
      return `one of ${rule.values.join(', ')}`
    case 'missing':
      return `not one of ${rule.values.map(value => JSON.stringify(value)).join(', ')}`
    case 'pattern':
      return `pattern ${rule.pattern}`
    case 'length':
      return `length ${rule.min ?? 0}${rule.max === undefined ? ' or more' : ` to ${rule.max}`}`
    case 'range': {
      const bounds = [
        rule.min === undefined ? [] : [`>= ${rule.min}`],
        rule.exclusiveMin === undefined ? [] : [`> ${rule.exclusiveMin}`],
        rule.max === undefined ? [] : [`<= ${rule.max}`],
        rule.exclusiveMax === undefined ? [] : [`< ${rule.exclusiveMax}`],
      ]
      return bounds.flat().join(' and ')
    }
    case 'multipleOf':
      return `a multiple of ${rule.of}`
    case 'format':
      return `format ${rule.format}`
  }
}

const typeName = ({ type }: Field): string => `${type.kind}${'[]'.repeat(type.dimensions)}`

interface Enforced {
  /** dataset.field */
  readonly path: string
  readonly rules: readonly string[]
}

/** Every rule that a record is judged by, the type first. */
const enforcedRules = (pipeline: Pipeline): readonly Enforced[] =>
  [...pipeline.datasets.values()].flatMap(({ name, contract }) =>
    contract.fields.map(field => ({
      path: `${name}.${field.name}`,
      rules: [
        typeName(field),
        ...(field.required ? ['required'] : []),
        ...(field.itemsRequired === true ? ['elements required'] : []),
        ...field.rules.map(describeRule),
      ],
    })),
  )

const check = (context: Context, dir: string): void => {
  const { out } = context
  const { pipeline, problems, unenforced } = inspectPipeline(readPipelineFolder(dir))
  if (pipeline === undefined) {
    out.value({ ok: false, problems })
    for (const problem of problems) out.line(formatProblem(problem))
    context.exitStatus = new HeadraceError('pipeline.invalid', '').entry.exit
    return
  }
  const enforced = enforcedRules(pipeline)
  out.value({ ok: true, pipeline: pipeline.name, enforced, unenforced })
  out.line(`${out.paint('bold', 'enforced')} on every record:`)
  out.table(
    ['field', 'rules'],
    enforced.map(({ path, rules }) => [`  ${path}`, rules.join('; ')]),
  )
  out.line(
    `\n${out.paint('bold', 'not enforced')}:${unenforced.length === 0 ? ' nothing, every rule of the contracts is enforced' : ''}`,
  )
  for (const each of unenforced) out.line(`  ${each}`)
}

/** `headrace contracts check DIR` (04 K1). */
export const addRules = (contracts: Command, context: Context): void => {
  contracts
    .command('check')
    .description('list the rules that are enforced and those that are not, by path')
    .argument('<dir>', 'folder that holds pipeline.yaml')
    .option('--json', 'print one JSON object')
    .action((dir: string) => check(context, dir))
}
