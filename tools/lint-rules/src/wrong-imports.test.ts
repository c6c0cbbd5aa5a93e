import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'

const root = resolve(__dirname, '../../..')

const wrong = [
  {
    what: 'a domain library importing a platform library',
    file: 'libs/denormalise/src/index.ts',
    from: '@headrace/kafka',
  },
  {
    what: 'one domain library importing another',
    file: 'libs/denormalise/src/index.ts',
    from: '@headrace/search-model',
  },
  {
    what: 'a platform library importing a domain library',
    file: 'libs/store/src/index.ts',
    from: '@headrace/denormalise',
  },
  { what: 'the kernel importing anything', file: 'libs/errors/src/index.ts', from: '@headrace/wire' },
  { what: 'an app importing an app', file: 'apps/search/src/main.ts', from: '../../indexer/src/app.ts' },
  { what: 'a client outside its library', file: 'libs/store/src/index.ts', from: 'kafkajs' },
  { what: 'the right client in its library', file: 'libs/store/src/index.ts', from: 'lmdb' },
]

describe('imports', () => {
  let findings: { readonly ruleId: string; readonly message: string }[][] = []

  beforeAll(() => {
    const run = (...args: string[]): string =>
      execFileSync(process.execPath, args, {
        cwd: root,
        encoding: 'utf8',
        // with CI set, the boundary rule passes over imports that it refuses without
        env: { ...process.env, NX_DAEMON: 'false', NX_PLUGIN_NO_TIMEOUTS: 'true', CI: '' },
      })
    run('node_modules/nx/dist/bin/nx.js', 'show', 'projects') // the boundary rule reads the graph that this writes
    const texts = wrong.map(({ file, from }) => ({ file, text: `export * from '${from}'\n` }))
    findings = JSON.parse(
      run('tools/lint-rules/src/lint-texts.mjs', JSON.stringify(texts)),
    ) as typeof findings
  }, 600_000)

  const rulesOf = (index: number): string[] => findings[index]!.map(finding => finding.ruleId)

  it.each(wrong.slice(0, 5).map(({ what }, index) => [what, index] as const))(
    '%s is refused',
    (_what, index) => {
      expect(rulesOf(index)).toContain('@nx/enforce-module-boundaries')
    },
  )

  it('of a client outside its library are refused', () => {
    expect(findings[5]!.map(finding => finding.message).join()).toContain('Only libs/kafka imports kafkajs')
  })

  it('of a client in its library are allowed', () => {
    expect(rulesOf(6)).toEqual([])
  })
})
