import { spawn } from 'node:child_process'
import { createWriteStream, mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { HeadraceError } from '@headrace/errors'
import { fetchFile, type LockedFile, verifyFiles, writePom } from './artifacts.ts'
import { type Environment } from './environment.ts'
import { findInPath, threeWays } from './java.ts'
import { type Progress } from './progress.ts'

const copyGoal = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies'

export interface Download {
  readonly environment: Environment
  readonly progress: Progress
  readonly signal: AbortSignal | undefined
  /** What the files are for, in progress lines. */
  readonly subject: string
}

/** Runs Maven once; resolves to the last lines when it failed, without addresses of registries. */
const runMaven = (
  mvn: string,
  folder: string,
  log: string,
  download: Download,
  locked: readonly LockedFile[],
): Promise<string[] | undefined> =>
  new Promise((resolve, reject) => {
    const child = spawn(mvn, ['-B', '-f', join(folder, 'pom.xml'), copyGoal, `-DoutputDirectory=${folder}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(download.signal === undefined ? {} : { signal: download.signal }),
    })
    const file = createWriteStream(log)
    const last: string[] = []
    const names = new Set(locked.map(file => basename(file.path)))
    const take = (line: string): void => {
      file.write(`${line}\n`)
      const name = /Downloaded from .*\/([^/\s]+) \(/.exec(line)?.[1]
      const fetched = locked.length - names.size + 1
      if (name !== undefined && names.delete(name) && (fetched % 10 === 0 || fetched === locked.length)) {
        download.progress(download.subject, `${fetched} of ${locked.length} files fetched`)
      }
      if (line.includes('[ERROR]') && last.push(line.replace(/https?:\/\/\S+/g, '<repository>')) > 5)
        last.pop()
    }
    createInterface({ input: child.stdout }).on('line', take)
    createInterface({ input: child.stderr }).on('line', take)
    child.once('error', reject)
    child.once('close', code => {
      file.end()
      resolve(code === 0 ? undefined : last)
    })
  })

const byMaven = async (
  mvn: string,
  locked: readonly LockedFile[],
  folder: string,
  download: Download,
): Promise<void> => {
  writePom(folder, locked)
  const log = `${folder}.maven.log`
  download.progress(
    download.subject,
    `fetching ${locked.length} file${locked.length === 1 ? '' : 's'} with Maven`,
  )
  // Two Mavens that fill one empty local repository at the same time can get in each other's way: the second try finds it filled.
  for (let attempt = 1; ; attempt++) {
    const failed = await runMaven(mvn, folder, log, download, locked)
    if (failed === undefined) return
    if (attempt < 2) continue
    throw new HeadraceError(
      'stack.download_failed',
      `Maven could not fetch the files\n  ${failed.join('\n  ')}`,
      {
        where: log,
        hint: 'See whether `mvn` reaches a repository on this machine (its settings.xml decides which one).',
      },
    )
  }
}

const byFetch = async (
  base: string,
  locked: readonly LockedFile[],
  folder: string,
  download: Download,
): Promise<void> => {
  const queue = [...locked]
  let done = 0
  const worker = async (): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      await fetchFile(base, file, folder, download.signal)
      download.progress(
        download.subject,
        `${++done} of ${locked.length} files fetched (${basename(file.path)})`,
      )
    }
  }
  await Promise.all(Array.from({ length: 6 }, worker))
}

/** Fetches the locked files into a folder and verifies each. Maven knows from where; else HEADRACE_MAVEN_BASE says it. */
export const fetchLocked = async (
  locked: readonly LockedFile[],
  folder: string,
  download: Download,
): Promise<void> => {
  mkdirSync(folder, { recursive: true })
  const mvn = findInPath('mvn', download.environment.path)
  if (mvn !== undefined) await byMaven(mvn, locked, folder, download)
  else if (download.environment.mavenBase !== undefined)
    await byFetch(download.environment.mavenBase, locked, folder, download)
  else {
    throw new HeadraceError(
      'stack.maven_missing',
      `${download.subject} is fetched with Maven, and no mvn was found in PATH`,
      {
        hint: `${threeWays}\n  Without Maven, HEADRACE_MAVEN_BASE can name the base address of a Maven repository.`,
      },
    )
  }
  await verifyFiles(folder, locked)
}
