import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { copyBinaries } from './postgres.ts'

let folder: string

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'headrace-postgres-')))
  mkdirSync(join(folder, 'package', 'native', 'lib'), { recursive: true })
  mkdirSync(join(folder, 'package', 'native', 'bin'))
  writeFileSync(join(folder, 'package', 'native', 'bin', 'initdb'), '')
  chmodSync(join(folder, 'package', 'native', 'bin', 'initdb'), 0o644)
  writeFileSync(join(folder, 'package', 'native', 'lib', 'libx.so.60.2'), 'library')
  const links = [{ source: 'native/lib/libx.so.60.2', target: 'native/lib/libx.so.60' }]
  writeFileSync(join(folder, 'package', 'native', 'pg-symlinks.json'), JSON.stringify(links))
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

test.each([
  ['the package made its links when it was installed', true],
  ['the package came without them', false],
])('the copy outlives the folder it was made from: %s', (_, linked) => {
  if (linked) symlinkSync('libx.so.60.2', join(folder, 'package', 'native', 'lib', 'libx.so.60'))
  copyBinaries(join(folder, 'package'), join(folder, 'copy'))
  rmSync(join(folder, 'package'), { recursive: true })
  const library = join(folder, 'copy', 'native', 'lib', 'libx.so.60')
  expect(readFileSync(library, 'utf8')).toBe('library')
  expect(realpathSync(library)).toBe(join(folder, 'copy', 'native', 'lib', 'libx.so.60.2'))
})
