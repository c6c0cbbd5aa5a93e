import type { z } from 'zod'
import type { Problem } from '../pipeline.ts'
import { suggestion } from './nearest.ts'
import type { YamlFile, YamlPath } from './yaml-file.ts'

interface Def {
  readonly type: string
  readonly innerType?: z.core.$ZodType
  readonly element?: z.core.$ZodType
  readonly valueType?: z.core.$ZodType
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>
  readonly getter?: () => z.core.$ZodType
  readonly options?: readonly z.core.$ZodType[]
}

const defOf = (schema: z.core.$ZodType): Def => schema._zod.def as unknown as Def

/** The declaration itself, without optional, default, lazy. A union: its first object. */
const unwrap = (schema: z.core.$ZodType): z.core.$ZodType => {
  const def = defOf(schema)
  if (def.innerType !== undefined) return unwrap(def.innerType)
  if (def.getter !== undefined) return unwrap(def.getter())
  if (def.options !== undefined) {
    const objects = def.options.map(unwrap).filter(option => defOf(option).type === 'object')
    return objects[0] ?? schema
  }
  return schema
}

/** Keys that are allowed at a path. */
const allowedKeys = (schema: z.core.$ZodType, path: YamlPath): readonly string[] => {
  let at: z.core.$ZodType | undefined = unwrap(schema)
  for (const step of path) {
    const def: Def = defOf(at)
    const { shape } = def
    const own = shape !== undefined && Object.hasOwn(shape, step) ? shape[String(step)] : undefined
    const next: z.core.$ZodType | undefined = def.element ?? def.valueType ?? own
    if (next === undefined) return []
    at = unwrap(next)
  }
  return Object.keys(defOf(at).shape ?? {})
}

const kindOf = (value: unknown): string => {
  if (value === null) return 'nothing'
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'a mapping' : `a ${typeof value}`
}

const WORDS: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  int: 'a whole number',
}

const valueAt = (value: unknown, path: YamlPath): unknown =>
  path.reduce<unknown>(
    (at, step) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, step)
        ? (at as Record<string | number, unknown>)[step]
        : undefined,
    value,
  )

const isInside = ({ path, code }: z.core.$ZodIssue): boolean =>
  path.length > 0 || code === 'unrecognized_keys'

const problemsOfIssue = (
  file: YamlFile,
  schema: z.core.$ZodType,
  issue: z.core.$ZodIssue,
): readonly Problem[] => {
  const path = issue.path.filter(step => typeof step !== 'symbol')
  const found = valueAt(file.value, path)
  const last = path.at(-1)
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map(key =>
        file.problemAtKey(path, key, `unknown key "${key}".${suggestion(key, allowedKeys(schema, path))}`),
      )
    case 'invalid_type': {
      if (found === undefined && last !== undefined)
        return [file.problem(path.slice(0, -1), `"${String(last)}" is missing`)]
      return [
        file.problem(
          path,
          `expected ${WORDS[issue.expected] ?? `a ${issue.expected}`}, found ${kindOf(found)}`,
        ),
      ]
    }
    case 'invalid_value': {
      if (found === undefined && last !== undefined)
        return [file.problem(path.slice(0, -1), `"${String(last)}" is missing`)]
      return [
        file.problem(
          path,
          `"${String(found)}" is not possible here.${suggestion(String(found), issue.values.map(String))}`,
        ),
      ]
    }
    case 'invalid_union': {
      // the form that was meant: its mistakes are further inside
      const meant = issue.errors.find(issues => issues.every(isInside))
      if (meant === undefined) return [file.problem(path, issue.message)]
      return meant.flatMap(each =>
        problemsOfIssue(file, schema, { ...each, path: [...issue.path, ...each.path] }),
      )
    }
    case 'invalid_key':
      return [file.problemAtKey(path.slice(0, -1), String(last), issue.issues[0]?.message ?? issue.message)]
    default:
      return [file.problem(path, issue.message)]
  }
}

/** Checks a file's values against a declaration; every mistake is reported, with the nearest names. */
export const checkDeclaration = <T>(
  file: YamlFile,
  schema: z.ZodType<T>,
  problems: Problem[],
): T | undefined => {
  if (file.problems.length > 0) {
    problems.push(...file.problems)
    return undefined
  }
  const result = schema.safeParse(file.value)
  if (result.success) return result.data
  for (const issue of result.error.issues) problems.push(...problemsOfIssue(file, schema, issue))
  return undefined
}
