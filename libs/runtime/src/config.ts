import { readFileSync, writeSync } from 'node:fs'
import { HeadraceError } from '@headrace/errors'
import { Secret } from './secret.ts'

/** One setting, as data: help texts, docs and the charts' schemas are made from it. */
export interface Setting<T> {
  /** Name of the environment variable. */
  readonly env: string
  readonly type: 'string' | 'integer' | 'boolean' | 'list' | 'choice' | 'secret' | 'path'
  readonly description: string
  /** Text of the default, as one would write it in the environment; absent: the setting must be given. */
  readonly default?: string
  /** The setting may be missing without a default. */
  readonly optional: boolean
  /** What is allowed, in words. */
  readonly allowed: string
  /** Throws an Error whose message says what is wrong. */
  parse(text: string): T
}

export type Declaration = Readonly<Record<string, Setting<unknown>>>

/** The values of a declaration. */
export type ConfigOf<D extends Declaration> = {
  readonly [K in keyof D]: D[K] extends Setting<infer T> ? T : never
}

interface Options {
  readonly env: string
  readonly description: string
  readonly default?: string
}

const setting = <T>(
  type: Setting<T>['type'],
  allowed: string,
  options: Options,
  parse: (text: string) => T,
): Setting<T> => ({
  type,
  allowed,
  optional: false,
  env: options.env,
  description: options.description,
  ...(options.default === undefined ? {} : { default: options.default }),
  parse,
})

const notEmpty = (text: string): string => {
  if (text === '') throw new Error('it is empty')
  return text
}

/** Constructors of settings. */
export const settings = {
  string: (options: Options): Setting<string> => setting('string', 'text', options, notEmpty),
  path: (options: Options): Setting<string> => setting('path', 'a folder or file path', options, notEmpty),
  integer: (options: Options & { readonly min?: number; readonly max?: number }): Setting<number> => {
    const { min = 0, max = Number.MAX_SAFE_INTEGER } = options
    const allowed =
      max === Number.MAX_SAFE_INTEGER ? `a whole number >= ${min}` : `a whole number from ${min} to ${max}`
    return setting('integer', allowed, options, text => {
      const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN
      if (!Number.isSafeInteger(value) || value < min || value > max)
        throw new Error(`"${text}" is not ${allowed}`)
      return value
    })
  },
  boolean: (options: Options): Setting<boolean> =>
    setting('boolean', 'true or false', options, text => {
      if (text !== 'true' && text !== 'false') throw new Error(`"${text}" is neither true nor false`)
      return text === 'true'
    }),
  list: (options: Options): Setting<readonly string[]> =>
    setting('list', 'texts separated by commas', options, text =>
      notEmpty(text)
        .split(',')
        .map(part => notEmpty(part.trim())),
    ),
  choice: <const C extends string>(choices: readonly C[], options: Options): Setting<C> =>
    setting('choice', choices.join(' | '), options, text => {
      const found = choices.find(choice => choice === text)
      if (found === undefined) throw new Error(`"${text}" is none of ${choices.join(', ')}`)
      return found
    }),
  /** Given as `<ENV>`, or as a file named by `<ENV>_FILE`. Its text is never shown in an error. */
  secret: (options: Options): Setting<Secret> =>
    setting('secret', 'a secret text, or <NAME>_FILE', options, text => new Secret(notEmpty(text))),
  optional: <T>(inner: Setting<T>): Setting<T | undefined> => ({ ...inner, optional: true }),
}

type Environment = Readonly<Record<string, string | undefined>>

const textOf = (setting: Setting<unknown>, env: Environment): string | undefined => {
  const file = setting.type === 'secret' ? env[`${setting.env}_FILE`] : undefined
  if (file !== undefined) return readFileSync(file, 'utf8').trimEnd()
  return env[setting.env] ?? setting.default
}

/** All settings of a declaration from the environment. Throws `config.invalid` that lists every mistake at once. */
export const readConfig = <D extends Declaration>(declaration: D, env: Environment): ConfigOf<D> => {
  const values: Record<string, unknown> = {}
  const problems: string[] = []
  for (const [name, setting] of Object.entries(declaration)) {
    try {
      const text = textOf(setting, env)
      if (text !== undefined) values[name] = setting.parse(text)
      else if (!setting.optional)
        problems.push(`${setting.env} is not set (${setting.allowed}): ${setting.description}`)
    } catch (error) {
      problems.push(`${setting.env}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  if (problems.length > 0) {
    throw new HeadraceError(
      'config.invalid',
      `the configuration has ${problems.length} mistake${problems.length > 1 ? 's' : ''}\n  - ${problems.join('\n  - ')}`,
    )
  }
  return values as ConfigOf<D>
}

/**
 * The same for the start of a service, before there is a logger: mistakes are one line of the log's form, and the process
 * ends with the code's exit status. No stack trace: it says nothing to who mends an environment variable.
 * `--help` prints the settings and ends the process.
 */
export const readServiceConfig = <D extends Declaration>(
  service: string,
  declaration: D,
  env: Environment,
): ConfigOf<D> => {
  if (process.argv.includes('--help')) {
    writeSync(
      1,
      `headrace ${service}: settings are environment variables\n\n${describeConfig(declaration)}\n`,
    )
    process.exit(0)
  }
  try {
    return readConfig(declaration, env)
  } catch (error) {
    if (!(error instanceof HeadraceError)) throw error
    const time = new Date().toISOString()
    writeSync(
      1,
      `${JSON.stringify({ level: 'error', time, service, code: error.code, msg: error.describe() })}\n`,
    )
    process.exit(error.entry.exit)
  }
}

/** Lines of help: variable, what it takes, default, description. */
export const describeConfig = (declaration: Declaration): string =>
  Object.values(declaration)
    .map(({ env, allowed, default: fallback, optional, description }) => {
      const standard = fallback === undefined ? (optional ? 'optional' : 'required') : `default ${fallback}`
      return `${env}\n    ${description}\n    ${allowed}; ${standard}`
    })
    .join('\n')
