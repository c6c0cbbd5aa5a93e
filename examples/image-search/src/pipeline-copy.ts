import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { copyPipeline as copyFolder } from '@headrace/testkit'

export const VIEW = 'image_enriched'

const MIGRATIONS = join(import.meta.dirname, 'api', 'migrations')

/** SQL that makes the tables, in its order. */
export const TABLE_FILES: readonly string[] = readdirSync(MIGRATIONS)
  .sort()
  .map(name => join(MIGRATIONS, name))

/** The same tables for random histories. */
export const LOOSE_TABLE_FILES: readonly string[] = [
  ...TABLE_FILES,
  join(import.meta.dirname, 'data', 'without-foreign-keys.sql'),
]

/** The example's pipeline folder as it is. */
export const PIPELINE_FOLDER = resolve(import.meta.dirname, '..', 'pipeline')

export interface PipelineCopy {
  readonly dir: string
  readonly pipeline: string
  readonly view: string
  remove(): void
}

/** The example's pipeline under a name of its own, for servers that others use too. */
export const copyPipeline = (suffix: string): PipelineCopy => {
  const copy = copyFolder(PIPELINE_FOLDER, suffix)
  return { ...copy, view: copy.view(VIEW) }
}
