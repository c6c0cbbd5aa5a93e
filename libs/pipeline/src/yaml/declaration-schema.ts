import type { z } from 'zod'
import type { YamlPath } from './yaml-file.ts'

type Schema = z.core.$ZodType

interface Def {
  readonly type: string
  readonly innerType?: Schema
  readonly element?: Schema
  readonly valueType?: Schema
  readonly shape?: Readonly<Record<string, Schema>>
  readonly getter?: () => Schema
  readonly options?: readonly Schema[]
  readonly items?: readonly Schema[]
  readonly values?: readonly unknown[]
  readonly entries?: Readonly<Record<string, unknown>>
}

export const defOf = (schema: Schema): Def => schema._zod.def as unknown as Def

/** The declaration itself, without optional, default, lazy. */
const bare = (schema: Schema): Schema => {
  const def = defOf(schema)
  if (def.innerType !== undefined) return bare(def.innerType)
  return def.getter === undefined ? schema : bare(def.getter())
}

/** Of a union the form that a value has; without a value its first mapping. */
const formOf = (schema: Schema, value: unknown): Schema => {
  const at = bare(schema)
  const { options } = defOf(at)
  if (options === undefined) return at
  const forms = options.map(each => formOf(each, value))
  const list = forms.find(each => defOf(each).type === 'array')
  const mapping = forms.find(each => ['object', 'record'].includes(defOf(each).type))
  return (Array.isArray(value) ? list : mapping) ?? forms[0] ?? at
}

export const valueAt = (value: unknown, path: YamlPath): unknown =>
  path.reduce<unknown>(
    (at, step) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, step)
        ? (at as Record<string | number, unknown>)[step]
        : undefined,
    value,
  )

/** What is declared for a path of a value. */
const schemaAt = (schema: Schema, value: unknown, path: YamlPath): Schema | undefined => {
  let at = formOf(schema, value)
  for (const [index, step] of path.entries()) {
    const { shape, element, valueType } = defOf(at)
    const own = shape !== undefined && Object.hasOwn(shape, step) ? shape[String(step)] : undefined
    const next = element ?? valueType ?? own
    if (next === undefined) return undefined
    at = formOf(next, valueAt(value, path.slice(0, index + 1)))
  }
  return at
}

/** Keys that are allowed at a path. */
export const allowedKeys = (schema: Schema, value: unknown, path: YamlPath): readonly string[] => {
  const at = schemaAt(schema, value, path)
  return at === undefined ? [] : Object.keys(defOf(at).shape ?? {})
}

const isFree = (schema: Schema): boolean => schema._zod.optin === 'optional'

/** The least value that a declaration takes. */
const standIn = (schema: Schema, name: string): unknown => {
  const at = bare(schema)
  const { type, options, shape, element, values, entries } = defOf(at)
  switch (type) {
    case 'string':
      return name
    case 'number':
      return 1
    case 'boolean':
      return false
    case 'literal':
      return values?.[0]
    case 'enum':
      return Object.values(entries ?? {})[0]
    case 'array':
      return element === undefined ? [] : [standIn(element, name)]
    case 'object':
      return Object.fromEntries(
        Object.entries(shape ?? {}).flatMap(([key, each]) =>
          isFree(each) ? [] : [[key, standIn(each, name)]],
        ),
      )
    case 'union':
      return options?.[0] === undefined ? undefined : standIn(options[0], name)
    case 'record':
      return {}
    default:
      return null
  }
}

const isHolder = (value: unknown): value is Record<string | number, unknown> =>
  typeof value === 'object' && value !== null

/**
 * Puts something into `value` that the declaration takes at `path`, and nothing where nothing need stand. Places in lists
 * stay as they are. `name`: stands for names. False: the place is not in the value.
 */
export const standInAt = (value: unknown, schema: Schema, path: YamlPath, name: string): boolean => {
  const holder = valueAt(value, path.slice(0, -1))
  const step = path.at(-1)
  if (step === undefined || !isHolder(holder)) return false
  const declared = schemaAt(schema, value, path.slice(0, -1))
  const { shape, element, valueType } = declared === undefined ? {} : defOf(declared)
  const own = shape !== undefined && Object.hasOwn(shape, step) ? shape[step as string] : undefined
  const wanted = own ?? element ?? valueType
  if (wanted === undefined || (own !== undefined && isFree(own))) {
    delete holder[step]
    return true
  }
  holder[step] = standIn(wanted, name)
  return true
}
