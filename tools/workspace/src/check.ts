import { spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { staleFiles } from './codegen.ts'
import { workspaceRoot } from './workspace-root.ts'

interface Stage {
  readonly name: string
  /** What to do when it fails. */
  readonly mend: string
  run(): Promise<{ readonly ok: boolean; readonly output: string }>
}

const bin = (path: string): string => join(workspaceRoot, 'node_modules', path)

const run = (args: readonly string[], cwd = workspaceRoot): Promise<{ ok: boolean; output: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd,
      env: {
        ...process.env,
        // with CI set, Nx's boundary rule passes over imports that it refuses without
        CI: '',
        FORCE_COLOR: '0',
        NX_DAEMON: 'false',
        NX_NO_CLOUD: 'true',
        // a slow machine is no failure
        NX_PLUGIN_NO_TIMEOUTS: 'true',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.on('error', reject)
    child.on('close', code => resolve({ ok: code === 0, output }))
  })

const lint = async (): Promise<{ ok: boolean; output: string }> => {
  // the boundary rule reads the graph that this writes
  const graph = await run([bin('nx/dist/bin/nx.js'), 'show', 'projects'])
  if (!graph.ok) return graph
  return run([
    bin('eslint/bin/eslint.js'),
    '.',
    '--max-warnings=0',
    '--cache',
    '--cache-location',
    '.cache/eslint',
  ])
}

const generated = (): Promise<{ ok: boolean; output: string }> => {
  const stale = [...staleFiles().keys()]
  return Promise.resolve({ ok: stale.length === 0, output: stale.map(path => `stale: ${path}`).join('\n') })
}

const protoRules = async (): Promise<{ ok: boolean; output: string }> => {
  const buf = bin('@bufbuild/buf/bin/buf')
  const proto = join(workspaceRoot, 'proto')
  const style = await run([buf, 'lint'], proto)
  if (!style.ok || !existsSync(join(proto, 'baseline.binpb'))) return style
  return run([buf, 'breaking', '--against', 'baseline.binpb'], proto)
}

const stages: readonly Stage[] = [
  {
    name: 'format',
    mend: 'npm run format',
    run: () => run([bin('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.']),
  },
  {
    name: 'types',
    mend: 'mend the types',
    run: () => run([bin('typescript/bin/tsc'), '-p', 'tsconfig.json']),
  },
  { name: 'lint', mend: 'npx eslint . --fix, then by hand', run: lint },
  { name: 'generated', mend: 'npm run codegen', run: generated },
  { name: 'proto', mend: 'keep wire messages compatible, or add a version folder', run: protoRules },
]

const check = async (): Promise<number> => {
  mkdirSync(join(workspaceRoot, '.cache'), { recursive: true })
  let failed = 0
  for (const { name, mend, run: stage } of stages) {
    const began = performance.now()
    const { ok, output } = await stage()
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`)
    if (!ok) {
      failed++
      console.log(`${output.trimEnd()}\n  -> ${mend}`)
    }
  }
  return failed === 0 ? 0 : 1
}

process.exitCode = await check()
