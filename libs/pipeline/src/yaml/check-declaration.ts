import type { z } from 'zod'
import type { Problem } from '../pipeline.ts'
import { allowedKeys, standInAt, valueAt } from './declaration-schema.ts'
import { Doubts, UNREAD_NAME } from './doubts.ts'
import { nearest, suggestion } from './nearest.ts'
import type { YamlFile, YamlPath } from './yaml-file.ts'

type Schema = z.core.$ZodType

/** What an unknown key may have meant can be wrong itself, and so on. */
const ROUNDS = 4

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

const isInside = ({ path, code }: z.core.$ZodIssue): boolean =>
  path.length > 0 || code === 'unrecognized_keys'

const stepsOf = ({ path }: z.core.$ZodIssue): YamlPath => path.filter(step => typeof step !== 'symbol')

/** The mistakes of the form that was meant, where a union has several. */
const flatten = (issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] => {
  if (issue.code !== 'invalid_union') return [issue]
  // the form that was meant: its mistakes are further inside
  const meant = issue.errors.find(issues => issues.every(isInside))
  return meant === undefined
    ? [issue]
    : meant.flatMap(each => flatten({ ...each, path: [...issue.path, ...each.path] }))
}

/** `{ a b }` is a key of two words without a value. */
const missingColon = (key: string, value: unknown): string => {
  const [first, second, ...more] = key.split(' ')
  return value === null && second !== undefined && more.length === 0
    ? `. Is the colon missing: ${first}: ${second}?`
    : ''
}

interface Meant {
  readonly holder: YamlPath
  readonly key: string
  readonly meant: string
}

/** The values of one file while they are compared with their declaration. */
class Comparison {
  readonly #file: YamlFile
  readonly #value: unknown
  readonly #schema: Schema
  readonly #issues: readonly z.core.$ZodIssue[]

  constructor(file: YamlFile, value: unknown, schema: Schema, issues: readonly z.core.$ZodIssue[]) {
    this.#file = file
    this.#value = value
    this.#schema = schema
    this.#issues = issues.flatMap(flatten)
  }

  problems(): readonly Problem[] {
    const meant = this.#meantKeys().map(each => JSON.stringify([...each.holder, each.meant]))
    return this.#issues
      .filter(issue => !(this.#isMissing(issue) && meant.includes(JSON.stringify(stepsOf(issue)))))
      .flatMap(issue => this.#problemsOf(issue))
  }

  /** Where nothing is known: what is wrong or missing, and what unknown keys may have meant. */
  doubts(): readonly YamlPath[] {
    const wrong = this.#issues.filter(({ code }) => code !== 'unrecognized_keys').map(stepsOf)
    return [...wrong, ...this.#meantKeys().map(each => [...each.holder, each.meant])]
  }

  /** The values with stand-ins where they are wrong; unknown keys are gone or what they may have meant. */
  repaired(): unknown {
    const value = structuredClone(this.#value)
    for (const { holder, key, meant } of this.#meantKeys()) {
      const found = valueAt(value, holder) as Record<string, unknown>
      found[meant] = found[key]
    }
    for (const issue of this.#issues) {
      const path = stepsOf(issue)
      if (issue.code === 'unrecognized_keys') {
        const holder = valueAt(value, path)
        if (typeof holder !== 'object' || holder === null) continue
        for (const key of issue.keys) Reflect.deleteProperty(holder, key)
      } else if (issue.code === 'invalid_key') {
        const holder = valueAt(value, path.slice(0, -1))
        if (typeof holder === 'object' && holder !== null) Reflect.deleteProperty(holder, String(path.at(-1)))
      } else if (valueAt(value, path) === valueAt(this.#value, path))
        standInAt(value, this.#schema, path, UNREAD_NAME)
    }
    return value
  }

  #allowed(path: YamlPath): readonly string[] {
    return allowedKeys(this.#schema, this.#value, path)
  }

  /** Absent keys that an unknown key beside them may have meant. */
  #meantKeys(): readonly Meant[] {
    return this.#issues.flatMap(issue => {
      if (issue.code !== 'unrecognized_keys') return []
      const holder = stepsOf(issue)
      return issue.keys.flatMap(key =>
        nearest(key, this.#allowed(holder))
          .slice(0, 1)
          .map(meant => ({ holder, key, meant }))
          .filter(({ meant }) => valueAt(this.#value, [...holder, meant]) === undefined),
      )
    })
  }

  #isMissing(issue: z.core.$ZodIssue): boolean {
    const isValue = issue.code === 'invalid_type' || issue.code === 'invalid_value'
    return isValue && issue.path.length > 0 && valueAt(this.#value, stepsOf(issue)) === undefined
  }

  #problemsOf(issue: z.core.$ZodIssue): readonly Problem[] {
    const file = this.#file
    const path = stepsOf(issue)
    const found = valueAt(this.#value, path)
    const last = String(path.at(-1))
    if (this.#isMissing(issue)) return [file.problem(path.slice(0, -1), `"${last}" is missing`)]
    switch (issue.code) {
      case 'unrecognized_keys':
        return issue.keys.map(key =>
          file.problemAtKey(path, key, `unknown key "${key}".${suggestion(key, this.#allowed(path))}`),
        )
      case 'invalid_type': {
        const expected = WORDS[issue.expected] ?? `a ${issue.expected}`
        return [file.problem(path, `expected ${expected}, found ${kindOf(found)}`)]
      }
      case 'invalid_value': {
        const text = String(found)
        return [
          file.problem(path, `"${text}" is not possible here.${suggestion(text, issue.values.map(String))}`),
        ]
      }
      case 'invalid_key': {
        const why = issue.issues[0]?.message ?? issue.message
        return [file.problemAtKey(path.slice(0, -1), last, `"${last}" ${why}${missingColon(last, found)}`)]
      }
      case 'invalid_format':
        return [file.problem(path, `"${String(found)}" ${issue.message}`)]
      default:
        return [file.problem(path, issue.message)]
    }
  }
}

/** A file's values, and where they are only stand-ins for something wrong that was reported. */
export interface Declared<T> {
  readonly value: T
  readonly doubts: Doubts
}

/**
 * Checks a file's values against a declaration; every mistake is reported, with the nearest names. What is right beside the
 * mistakes is given on, so that it can be checked further; undefined when nothing can be told.
 */
export const checkDeclaration = <T>(
  file: YamlFile,
  schema: z.ZodType<T>,
  problems: Problem[],
): Declared<T> | undefined => {
  problems.push(...file.problems)
  if (file.value === undefined) return undefined
  const doubts: YamlPath[] = []
  let value: unknown = file.value
  for (let round = 0; round < ROUNDS; round++) {
    const result = schema.safeParse(value)
    if (result.success) return { value: result.data, doubts: new Doubts(doubts) }
    const comparison = new Comparison(file, value, schema, result.error.issues)
    // what is wrong with a repaired value is our own guess
    if (round === 0) problems.push(...comparison.problems())
    doubts.push(...comparison.doubts())
    value = comparison.repaired()
  }
  return undefined
}
