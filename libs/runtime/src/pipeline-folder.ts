import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { HeadraceError } from '@headrace/errors'

/** A folder of text files; paths are relative to it, with `/`. Fits libs/pipeline's PipelineFiles. */
export interface Folder {
  read(path: string): string | undefined
  list(folder: string): readonly string[]
}

/** The files of a pipeline folder. Throws `pipeline.not_found` when the folder is not there. */
export const readPipelineFolder = (root: string): Folder => {
  if (!existsSync(root) || !statSync(root).isDirectory()) {
    throw new HeadraceError('pipeline.not_found', `there is no folder ${root}`)
  }
  return {
    read: path => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined),
    list: folder =>
      existsSync(join(root, folder))
        ? readdirSync(join(root, folder), { withFileTypes: true })
            // a mounted ConfigMap shows its files as links
            .filter(item => !item.isDirectory() && !item.name.startsWith('.'))
            .map(item => item.name)
            .sort()
        : [],
  }
}
