import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { copyPipeline } from './pipeline-copy.ts'

describe('copyPipeline', () => {
  it('gives the pipeline and its views names of their own, and leaves the original alone', () => {
    const folder = mkdtempSync(join(tmpdir(), 'headrace-original-'))
    mkdirSync(join(folder, 'views'))
    writeFileSync(join(folder, 'pipeline.yaml'), '# name: x\nname: shop\npartitions: 4\n')
    writeFileSync(join(folder, 'views', 'a.view.yaml'), 'view: all_a\nroot: a\n')
    const copy = copyPipeline(folder, 'one_2-x')
    const read = (...path: string[]): string => readFileSync(join(...path), 'utf8')
    try {
      expect(read(copy.dir, 'pipeline.yaml')).toBe('# name: x\nname: shop-one-2-x\npartitions: 4\n')
      expect(read(copy.dir, 'views', 'a.view.yaml')).toBe('view: all_a_one_2_x\nroot: a\n')
      expect([copy.pipeline, copy.view('all_a')]).toEqual(['shop-one-2-x', 'all_a_one_2_x'])
      expect(read(folder, 'pipeline.yaml')).toContain('name: shop\n')
    } finally {
      copy.remove()
      rmSync(folder, { recursive: true, force: true })
    }
    expect(() => read(copy.dir, 'pipeline.yaml')).toThrow()
  })
})
