import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { inspectPipeline } from './load-pipeline.ts'
import { formatProblem } from './problems.ts'
import { lockedFiles, memoryFiles } from './testing/memory-files.ts'
import { MISTAKE_FOLDER } from './testing/mistake-folder.ts'

type File = keyof typeof MISTAKE_FOLDER

/** One mistake: the text in a file that is replaced, and the one problem that must be told. */
type Mistake = readonly [file: File, from: string, to: string, problem: RegExp]

const ROW = 'contracts/row.odcs.yaml'
const OWNER = 'contracts/owner.odcs.yaml'
const OWNERS = 'views/owners.view.yaml'
const MOODS = 'views/moods.view.yaml'

/** No two of them touch the same line. */
const MISTAKES: readonly Mistake[] = [
  ['pipeline.yaml', 'name: test', 'nam: test', /unknown key "nam"\. Did you mean "name"/],
  ['pipeline.yaml', 'moods] }', 'moods], slt: x }', /unknown key "slt"\. Did you mean "slot"/],
  [ROW, 'apiVersion: v3.1.0', 'apiVersion: v4', /"v4" is not possible here/],
  [ROW, 'status: active', 'stat: active', /unknown key "stat"\. Did you mean "status"/],
  [
    ROW,
    'name: small, physicalType: smallint',
    'name: small, physicalTyp: smallint',
    /unknown key "physicalTyp"/,
  ],
  [ROW, 'name: price, physicalType', 'name: price, nonsense: 1, physicalType', /unknown key "nonsense"/],
  [ROW, '{ name: weight, physicalType: real }', '7', /expected a mapping, found a number/],
  [ROW, 'name: day, physicalType: date', 'name: day, physicalType: dat', /Postgres type "dat" is not known/],
  [ROW, 'name: big, physicalType: bigint', 'name: big, physicalType: 7', /expected a string, found a number/],
  [
    ROW,
    'name: colour, physicalType',
    'name: colour, unique: "yes", physicalType',
    /expected a boolean, found a string/,
  ],
  [OWNER, 'primaryKey: true', 'primaryKy: true', /unknown key "primaryKy"/],
  [OWNER, 'name: name, physicalType: text', 'nme: name, physicalType: text', /unknown key "nme"/],
  [OWNER, '- name: owner', '- name: owner\n    physicalNam: x', /unknown key "physicalNam"/],
  [OWNERS, 'root: owner', 'root: ownr', /there is no dataset "ownr"\. Did you mean "owner"/],
  [OWNERS, 'from: row', 'form: row', /unknown key "form"\. Did you mean "from"/],
  [OWNERS, 'owner_id: id', 'owner_idd: id', /no field "owner_idd"\. Did you mean "owner_id"/],
  [OWNERS, 'id: { not: null }', 'id: { nott: null }', /unknown key "nott"/],
  [OWNERS, '[id, word, mood, address]', '[id, word, moood, address]', /no field "moood"/],
  [OWNERS, '[id, word', '[id, 7, word', /expected a string, found a number/],
  [OWNERS, 'orderBy: [big]', 'orderBy: [big]\n    limit: many', /expected a number, found a string/],
  [OWNERS, '{ count: rows }', '{ cuont: rows }', /unknown key "cuont"\. Did you mean "count"/],
  [OWNERS, 'text: [name]', 'text: [name]\nviews: x', /unknown key "views"/],
  [MOODS, 'view: moods', 'view: Moods', /must begin with a lower-case letter/],
  [MOODS, 'fields: [mood, name]', 'fields: [mood, nam]', /dataset "moods" has no field "nam"/],
]

/** What is wrong in one place must not hide these: the file itself cannot be read. */
const UNREADABLE: readonly Mistake[] = [
  [ROW, 'schema:', 'schema: [', /row\.odcs\.yaml:\d+:\d+: not valid YAML/],
  [MOODS, 'root: moods', 'root: [', /moods\.view\.yaml:\d+:\d+: not valid YAML/],
]

const spoilt = (mistakes: readonly Mistake[]): Readonly<Record<string, string>> => {
  const texts: Record<string, string> = { ...MISTAKE_FOLDER }
  for (const [file, from, to] of mistakes) {
    const text = texts[file] ?? ''
    if (!text.includes(from)) throw new RangeError(`${file} holds no ${from}`)
    texts[file] = text.replace(from, to)
  }
  return texts
}

const lock = lockedFiles(MISTAKE_FOLDER).read('contracts.lock.json') ?? ''

const problemsOf = (mistakes: readonly Mistake[]): readonly string[] =>
  inspectPipeline(memoryFiles({ ...spoilt(mistakes), 'contracts.lock.json': lock })).problems.map(
    formatProblem,
  )

const told = (mistakes: readonly Mistake[]): void => {
  const problems = problemsOf(mistakes)
  const wanted = mistakes.map(
    ([file, , , problem]) => new RegExp(`^${file}:\\d+:\\d+: .*${problem.source}`, 's'),
  )
  const missing = mistakes
    .filter(([file, , , problem]) => !problems.some(each => each.startsWith(file) && problem.test(each)))
    .map(([, , to]) => to)
  const more = problems.filter(each => !wanted.some(one => one.test(each)) && !/not valid YAML/.test(each))
  expect({ missing, more }).toEqual({ missing: [], more: [] })
}

/** Fields and datasets of what cannot be read are unknown: whoever names one of them makes no mistake that can be told. */
const namesRow = ([file, , , problem]: Mistake): boolean =>
  file === OWNERS && /no field|no dataset/.test(problem.source)

/** Two mistakes touch the same text, or one hides the names that the other gets wrong. */
const clash = (mistakes: readonly Mistake[]): boolean =>
  mistakes.some(one =>
    mistakes.some(other => {
      if (one === other) return false
      const [[file, from, to], [otherFile, otherFrom]] = [one, other]
      const same = file === otherFile && otherFrom.startsWith(from)
      return same || (to === '7' && namesRow(other))
    }),
  )

describe('mistakes of a folder', () => {
  it.each(MISTAKES.map(each => [each[2], each] as const))('%s is one problem', (_, mistake) =>
    told([mistake]),
  )

  it('are told all at once, two and three at a time, and nothing that only follows from them', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...MISTAKES), { minLength: 2, maxLength: 3 }), mistakes => {
        fc.pre(!clash(mistakes))
        told(mistakes)
      }),
      { numRuns: 100 },
    )
  })

  it.each(UNREADABLE.map(each => [each[2], each] as const))(
    'beside a file that cannot be read (%s) are told',
    (_, unreadable) => {
      for (const mistake of MISTAKES) {
        const isUnread = unreadable[0] === ROW && namesRow(mistake)
        if (mistake[0] !== unreadable[0] && !isUnread) told([mistake, unreadable])
      }
    },
  )

  it('have an order that does not change', () => {
    const some = MISTAKES.filter((_, index) => index % 3 === 0)
    expect(problemsOf(some)).toEqual(problemsOf([...some].reverse()))
  })
})
