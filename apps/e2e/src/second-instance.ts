import { type Backends, nodeCommand } from '@headrace/testkit'
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { StatefulService } from './frozen-service.ts'

export interface SecondInstanceOptions {
  readonly service: StatefulService
  readonly pipelineDir: string
  /** Of the test's own database. */
  readonly servers: Backends
}

/** A process of a service beside the one that `headrace dev` runs: another name, another disk. */
export interface SecondInstance {
  /** True once it has logged a line with this text. */
  said(text: string): boolean
  /** Sends the signal; gives the exit status, null after SIGKILL. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>
  /** Of a process that ended by itself. */
  readonly ended: Promise<number | null>
  remove(): void
}

const ROOT = resolve(import.meta.dirname, '..', '..', '..')

const start = ({ service, pipelineDir, servers }: SecondInstanceOptions, folder: string): ChildProcess => {
  const { command, args } = nodeCommand()
  const log = openSync(join(folder, 'log'), 'a')
  const child = spawn(command, [...args, join(ROOT, 'apps', service, 'src', 'main.ts')], {
    env: {
      ...process.env,
      HEADRACE_PIPELINE: pipelineDir,
      HEADRACE_POSTGRES_URL: servers.postgresUrl,
      HEADRACE_KAFKA_BROKERS: servers.kafkaBrokers.join(','),
      HEADRACE_ELASTICSEARCH_URL: servers.elasticsearchUrl,
      HEADRACE_HTTP_PORT: '0',
      HEADRACE_INSTANCE: `${service}-1`,
      HEADRACE_DATA_DIR: join(folder, 'data'),
    },
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  return child
}

export const startSecondInstance = (options: SecondInstanceOptions): SecondInstance => {
  const folder = mkdtempSync(join(tmpdir(), `headrace-${options.service}-`))
  const child = start(options, folder)
  const ended = new Promise<number | null>(resolve => child.once('exit', status => resolve(status)))
  return {
    said: text => readFileSync(join(folder, 'log'), 'utf8').includes(text),
    end: signal => {
      child.kill(signal)
      return ended
    },
    ended,
    remove: () => {
      child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
