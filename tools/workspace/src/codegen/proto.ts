import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { workspaceRoot } from '../workspace-root.ts'

const OUT = 'libs/wire/src/generated'

/** TypeScript of the wire messages, by buf and ts-proto from proto/. */
export const generateProto = (): ReadonlyMap<string, string> => {
  const scratch = mkdtempSync(join(tmpdir(), 'headrace-proto-'))
  try {
    const template = readFileSync(join(workspaceRoot, 'proto/buf.gen.yaml'), 'utf8').replace(
      `../${OUT}`,
      scratch,
    )
    execFileSync(
      process.execPath,
      [join(workspaceRoot, 'node_modules/@bufbuild/buf/bin/buf'), 'generate', '--template', template],
      {
        cwd: join(workspaceRoot, 'proto'),
        stdio: ['ignore', 'inherit', 'inherit'],
      },
    )
    const files = readdirSync(scratch, { recursive: true, withFileTypes: true }).filter(entry =>
      entry.isFile(),
    )
    return new Map(
      files.map(entry => {
        const path = join(entry.parentPath, entry.name)
        return [join(OUT, relative(scratch, path)), readFileSync(path, 'utf8')]
      }),
    )
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
