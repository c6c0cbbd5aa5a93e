import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface PipelineCopy {
  readonly dir: string
  readonly pipeline: string
  /** Name that a view of the original has in the copy. */
  view(name: string): string
  remove(): void
}

const VIEW_FILE = '.view.yaml'

const rename = (file: string, field: string, to: (name: string) => string): string => {
  const text = readFileSync(file, 'utf8')
  const line = new RegExp(`^${field}: (.*)$`, 'm')
  const name = line.exec(text)?.[1]
  if (name === undefined) throw new Error(`${file} does not match ${line.source}`)
  writeFileSync(file, text.replace(line, `${field}: ${to(name)}`))
  return to(name)
}

/**
 * A pipeline folder under a name of its own, for servers that others use too: topics and slot carry the pipeline's name,
 * indices the views'.
 */
export const copyPipeline = (folder: string, suffix: string): PipelineCopy => {
  const dir = mkdtempSync(join(tmpdir(), 'headrace-pipeline-'))
  cpSync(folder, dir, { recursive: true })
  const pipeline = rename(
    join(dir, 'pipeline.yaml'),
    'name',
    name => `${name}-${suffix.replaceAll('_', '-')}`,
  )
  const view = (name: string): string => `${name}_${suffix.replaceAll('-', '_')}`
  const views = join(dir, 'views')
  for (const file of readdirSync(views)) if (file.endsWith(VIEW_FILE)) rename(join(views, file), 'view', view)
  return { dir, pipeline, view, remove: () => rmSync(dir, { recursive: true, force: true }) }
}
