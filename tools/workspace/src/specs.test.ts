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

const exists = (name: string): boolean => {
  const file = name.endsWith('.ts') ? name : `${name}.ts`
  return tests.some(test => test === file || test.endsWith(`/${file}`))
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
