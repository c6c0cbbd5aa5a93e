import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { HeadraceError } from '@headrace/errors'
import { type Environment } from './environment.ts'

export interface Java {
  readonly executable: string
  /** java.home, the folder above bin. */
  readonly home: string
  /** Full version, for example `17.0.15+6`. */
  readonly version: string
}

const executableFile = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** First executable of that name in PATH. */
export const findInPath = (name: string, path: string): string | undefined => {
  const suffixes = process.platform === 'win32' ? ['.exe', '.cmd'] : ['']
  return path
    .split(delimiter)
    .filter(folder => folder !== '')
    .flatMap(folder => suffixes.map(suffix => join(folder, `${name}${suffix}`)))
    .find(executableFile)
}

const property = (settings: string, name: string): string | undefined =>
  settings
    .split('\n')
    .map(line => line.trim())
    .find(line => line.startsWith(`${name} = `))
    ?.slice(name.length + 3)

/** Java's own settings text (`-XshowSettings:properties`) to the facts we need. */
export const parseJavaSettings = (
  settings: string,
): { home: string; version: string; feature: number } | undefined => {
  const home = property(settings, 'java.home')
  const version = property(settings, 'java.runtime.version') ?? property(settings, 'java.version')
  const specification = property(settings, 'java.specification.version')
  if (home === undefined || version === undefined || specification === undefined) return undefined
  return { home, version, feature: Number(specification.replace(/^1\./, '')) }
}

export const threeWays = [
  'Three ways lead on:',
  '1. install what is missing (a Java runtime >= 17 and Maven), then run the same command again;',
  '2. start the servers in containers: docker compose -f tools/local-stack/compose.yaml up -d --wait, and set the addresses it names;',
  '3. point HEADRACE_POSTGRES_URL, HEADRACE_KAFKA_BROKERS, HEADRACE_ELASTICSEARCH_URL at servers of your own.',
].join('\n  ')

const missing = (message: string): HeadraceError =>
  new HeadraceError('stack.java_missing', message, { hint: threeWays })

/** JAVA_HOME's Java, else the one in PATH; throws stack.java_missing when there is none or it is older than 17. */
export const findJava = async (environment: Environment): Promise<Java> => {
  const ofHome = environment.javaHome === undefined ? undefined : join(environment.javaHome, 'bin', 'java')
  const executable =
    ofHome !== undefined && executableFile(ofHome) ? ofHome : findInPath('java', environment.path)
  if (executable === undefined)
    throw missing('Kafka and Elasticsearch need Java, and none was found in JAVA_HOME or PATH')
  const settings = await new Promise<string>(resolve => {
    execFile(executable, ['-XshowSettings:properties', '-version'], (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    )
  })
  const facts = parseJavaSettings(settings)
  if (facts === undefined) throw missing(`${executable} does not answer as a Java runtime does`)
  if (!(facts.feature >= 17))
    throw missing(`Kafka and Elasticsearch need Java >= 17; ${executable} is ${facts.version}`)
  return { executable, home: facts.home, version: facts.version }
}
