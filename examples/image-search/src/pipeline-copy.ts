import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

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

const rewrite = (file: string, from: RegExp, to: string): void => {
  const text = readFileSync(file, 'utf8')
  if (!from.test(text)) throw new Error(`${file} does not match ${from.source}`)
  writeFileSync(file, text.replace(from, to))
}

/**
 * The example's pipeline under a name of its own, for servers that others use too: topics and slot carry the pipeline's name,
 * indices the view's.
 */
export const copyPipeline = (suffix: string): PipelineCopy => {
  const dir = mkdtempSync(join(tmpdir(), 'headrace-pipeline-'))
  cpSync(PIPELINE_FOLDER, dir, { recursive: true })
  const pipeline = `image-search-${suffix.replaceAll('_', '-')}`
  const view = `${VIEW}_${suffix.replaceAll('-', '_')}`
  rewrite(join(dir, 'pipeline.yaml'), /^name: .*$/m, `name: ${pipeline}`)
  rewrite(join(dir, 'views', `${VIEW}.view.yaml`), /^view: .*$/m, `view: ${view}`)
  return { dir, pipeline, view, remove: () => rmSync(dir, { recursive: true, force: true }) }
}
