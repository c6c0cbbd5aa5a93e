import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { generateDeadLetterDocs } from './codegen/dead-letter-docs.ts'
import { generateErrorDocs } from './codegen/error-docs.ts'
import { generateExampleLocks } from './codegen/example-locks.ts'
import { generateProto } from './codegen/proto.ts'
import { generateSchemas } from './codegen/schemas.ts'
import { generateSettingsDocs } from './codegen/settings-docs.ts'
import { generateWireDescriptors } from './codegen/wire-descriptors.ts'
import { workspaceRoot } from './workspace-root.ts'

/** One kind of generated files: path from the root of the workspace -> text. */
export type Generator = () => ReadonlyMap<string, string>

/** Everything that is generated and committed. `npm run codegen` writes it, `npm run check` compares it. */
const generators: readonly Generator[] = [
  generateProto,
  generateWireDescriptors,
  generateErrorDocs,
  generateDeadLetterDocs,
  generateSchemas,
  generateSettingsDocs,
  generateExampleLocks,
]

const readOrNothing = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Paths whose committed text is not what would be generated now. */
export const staleFiles = (): ReadonlyMap<string, string> => {
  const stale = new Map<string, string>()
  for (const generate of generators) {
    for (const [path, text] of generate()) {
      if (readOrNothing(join(workspaceRoot, path)) !== text) stale.set(path, text)
    }
  }
  return stale
}

const write = (): void => {
  const stale = staleFiles()
  for (const [path, text] of stale) {
    const target = join(workspaceRoot, path)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, text)
    console.log(`wrote ${path}`)
  }
  if (stale.size === 0) console.log('all generated files are up to date')
}

if (process.argv[1] === import.meta.filename) write()
