import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { nodeCommand } from '@headrace/testkit'
import type { DemoConfig } from '../config.ts'

const CLI = join(import.meta.dirname, '..', '..', '..', '..', 'apps', 'cli', 'src', 'main.ts')

/** `headrace remove`: takes what a pipeline made from servers that go on without us. */
export const removePipeline = async (
  dir: string,
  databaseUrl: string,
  { kafkaBrokers, elasticsearchUrl, env }: DemoConfig,
): Promise<void> => {
  const { command, args } = nodeCommand()
  const servers = [
    ...['--postgres', databaseUrl],
    ...(kafkaBrokers === undefined ? [] : ['--kafka', kafkaBrokers]),
    ...(elasticsearchUrl === undefined ? [] : ['--elasticsearch', elasticsearchUrl]),
  ]
  await promisify(execFile)(command, [...args, CLI, 'remove', dir, '--yes', ...servers], { env })
}
