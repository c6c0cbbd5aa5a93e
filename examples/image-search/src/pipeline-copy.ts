import { resolve } from 'node:path'
import { copyPipeline as copyFolder } from '@headrace/testkit'

export const VIEW = 'image_enriched'

export const SCHEMA_FILE = resolve(import.meta.dirname, '..', 'schema.sql')

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
