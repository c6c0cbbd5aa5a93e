import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { HeadraceError } from '@headrace/errors'

/** One downloaded file as the lock file names it. */
export interface LockedFile {
  /** Path in a Maven repository. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  readonly sha256: string
}

/** Reads `locks/<name>.json`. */
export const readLock = (name: string): LockedFile[] =>
  JSON.parse(readFileSync(join(import.meta.dirname, '..', 'locks', `${name}.json`), 'utf8')) as LockedFile[]

export const sha256Of = async (file: string): Promise<string> => {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

/** Throws stack.checksum unless every locked file lies in the folder with exactly the locked bytes. */
export const verifyFiles = async (folder: string, locked: readonly LockedFile[]): Promise<void> => {
  for (const file of locked) {
    const path = join(folder, basename(file.path))
    if (statSync(path, { throwIfNoEntry: false }) === undefined) {
      throw new HeadraceError('stack.download_failed', `${basename(file.path)} was not downloaded`)
    }
    const sha256 = await sha256Of(path)
    if (sha256 === file.sha256) continue
    throw new HeadraceError(
      'stack.checksum',
      `${basename(file.path)} has sha256 ${sha256}, expected is ${file.sha256}`,
      {
        hint: 'Remove this file from the local Maven repository (by default ~/.m2/repository) and try again.',
      },
    )
  }
}

/** Coordinates of a file in a Maven repository's path: group, artifact, version. */
export const coordinatesOf = (
  path: string,
): { group: string; artifact: string; version: string; type: string } => {
  const parts = path.split('/')
  const [artifact, version, file] = parts.slice(-3)
  if (artifact === undefined || version === undefined || file === undefined || parts.length < 4) {
    throw new HeadraceError('internal.bug', `not a path of a Maven repository: ${path}`)
  }
  return {
    group: parts.slice(0, -3).join('.'),
    artifact,
    version,
    type: file.slice(file.lastIndexOf('.') + 1),
  }
}

/** A project that depends on exactly the locked files and on nothing behind them. */
export const pomFor = (locked: readonly LockedFile[]): string => {
  const dependencies = locked.map(file => {
    const { group, artifact, version, type } = coordinatesOf(file.path)
    return [
      `    <dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version><type>${type}</type>`,
      '      <exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>',
    ].join('\n')
  })
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>headrace</groupId><artifactId>local-stack</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
${dependencies.join('\n')}
  </dependencies>
</project>
`
}

export const writePom = (folder: string, locked: readonly LockedFile[]): void =>
  writeFileSync(join(folder, 'pom.xml'), pomFor(locked))

/** Downloads one file from a base address; used where Maven is absent. */
export const fetchFile = async (
  base: string,
  file: LockedFile,
  folder: string,
  signal?: AbortSignal,
): Promise<void> => {
  const response = await fetch(
    `${base.replace(/\/+$/, '')}/${file.path}`,
    signal === undefined ? {} : { signal },
  )
  if (!response.ok || response.body === null) {
    throw new HeadraceError(
      'stack.download_failed',
      `${basename(file.path)}: HTTP ${response.status} from HEADRACE_MAVEN_BASE`,
    )
  }
  await pipeline(
    Readable.fromWeb(response.body as never),
    createWriteStream(join(folder, basename(file.path))),
  )
}
