import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from '@jest/globals'

const root = resolve(__dirname, '../../..')
const specs = globSync('docs/specs/*.md', { cwd: root }).sort()
const tests = globSync('{apps,libs,tools,examples}/*/{src,test}/**/*.test.ts', { cwd: root })

/** Test files that a text names, by their path or the end of it, with or without `.ts`. */
const named = (text: string): readonly string[] => [
  ...new Set(text.match(/[\w./-]+\.test(?:\.ts)?\b/g) ?? []),
]

/** `capture/steps/x.test` is apps/capture/src/steps/x.test.ts: folders may be left out, not reordered. */
const matches = (test: string, parts: readonly string[]): boolean => {
  const folders = test.split('/')
  let from = 0
  for (const part of parts) {
    from = folders.indexOf(part, from) + 1
    if (from === 0) return false
  }
  return from === folders.length
}

const exists = (name: string): boolean => {
  const parts = (name.endsWith('.ts') ? name : `${name}.ts`).split('/').filter(part => part !== '.')
  return tests.some(test => matches(test, parts))
}

describe.each(specs)('%s', spec => {
  const text = readFileSync(join(root, spec), 'utf8')

  it('names tests', () => {
    expect(named(text).length).toBeGreaterThan(0)
  })

  it('names only tests that are there', () => {
    expect(named(text).filter(name => !exists(name))).toEqual([])
  })
})
