import type { PropertyDeclaration } from '../declarations/contract-file.ts'
import type { Problem } from '../pipeline.ts'
import type { YamlFile, YamlPath } from '../yaml/yaml-file.ts'

/** Postgres cuts longer labels. */
const LONGEST_LABEL = 63

interface Declared {
  readonly value: unknown
  readonly path: YamlPath
}

/** Where labels may stand; the first of these that is there counts. */
const declaredLabels = (property: PropertyDeclaration, path: YamlPath): readonly Declared[] | undefined => {
  const custom = property.customProperties?.findIndex(each => each.property === 'headrace.labels') ?? -1
  const own = property.customProperties?.[custom]?.value
  if (Array.isArray(own))
    return own.map((value, index) => ({ value, path: [...path, 'customProperties', custom, 'value', index] }))
  if (property.enum !== undefined)
    return property.enum.map(({ value }, index) => ({ value, path: [...path, 'enum', index, 'value'] }))
  const quality = property.quality?.findIndex(each => each.metric === 'invalidValues') ?? -1
  const values = property.quality?.[quality]?.arguments?.['validValues']
  if (!Array.isArray(values)) return undefined
  const at = [...path, 'quality', quality, 'arguments', 'validValues']
  return values.map((value, index) => ({ value, path: [...at, index] }))
}

const labelMistake = (value: unknown, before: ReadonlySet<string>): string | undefined => {
  if (value === null) return 'null is no value of an enum: a null satisfies every enum, leave it out'
  if (typeof value !== 'string')
    return `a label is a text: write it in quotes${typeof value === 'object' ? '' : `, "${String(value)}"`}`
  if (before.has(value)) return `label "${value}" is there twice`
  const bytes = Buffer.byteLength(value)
  return bytes > LONGEST_LABEL ? `a label has at most ${LONGEST_LABEL} bytes, not ${bytes}` : undefined
}

/** Labels of an enum in their declared order; those that cannot be labels are mistakes and left out. Undefined: none are given. */
export const labelsOf = (
  file: YamlFile,
  problems: Problem[],
  property: PropertyDeclaration,
  path: YamlPath,
): readonly string[] | undefined => {
  const declared = declaredLabels(property, path)
  if (declared === undefined || declared.length === 0) return undefined
  const labels = new Set<string>()
  for (const { value, path: at } of declared) {
    const mistake = labelMistake(value, labels)
    if (mistake !== undefined) problems.push(file.problem(at, mistake))
    else labels.add(String(value))
  }
  return [...labels]
}
