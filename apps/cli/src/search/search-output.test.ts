import { describe, expect, it } from '@jest/globals'
import { describeRefusal } from './describe-refusal.ts'
import { hitTable } from './hit-table.ts'

describe('a refused query', () => {
  const refused = (error: object, query: string): string =>
    describeRefusal('http://x', query, { status: 400, text: JSON.stringify({ error }) }, true).describe()

  it('is shown with a ^ under the place, the names that were meant and where to read on', () => {
    const error = {
      code: 'query.unknown_field',
      message: 'the view has no field naem',
      position: { line: 2, column: 5 },
      nearest: ['name'],
    }
    expect(refused(error, 'width > 1\nand naem = 1')).toBe(
      [
        'query.unknown_field: the view has no field naem at line 2, column 5',
        '    and naem = 1',
        '        ^',
        '  Did you mean name?',
        '  The language: headrace search --help, docs/search.md.',
      ].join('\n'),
    )
  })

  it('ends the command as the service would: a code of another version counts as refused', () => {
    const exit = (code: string) =>
      describeRefusal(
        'http://x',
        'a',
        { status: 400, text: JSON.stringify({ error: { code, message: 'm' } }) },
        true,
      )
    expect(exit('query.type').entry.exit).toBe(64)
    expect(exit('query.new_code').describe()).toMatch(/^search\.refused: m \[query\.new_code\]/)
  })

  it('points at characters, not at code units', () => {
    const error = { code: 'query.syntax', message: 'm', position: { line: 1, column: 4 } }
    expect(refused(error, '"😀" %')).toContain('\n    "😀" %\n       ^')
  })

  it('says when something else answers', () => {
    const text = describeRefusal('http://x', 'a', { status: 200, text: '<html>' }, true).describe()
    expect(text).toMatch(/no search service answers there.*\(http:\/\/x\)\n {2}Give the address/)
  })
})

describe('the table of hits', () => {
  it('shows numbers with all their digits and without quotes, also inside of objects', () => {
    const text =
      '{"hits":[{"document":{"n":9007199254740993,"o":{"d":1.50,"t":"x"},"l":[1,2]}},{"document":{"n":1.0,"more":null}}],"total":2}'
    expect(hitTable(text)).toEqual({
      columns: ['n', 'o', 'l', 'more'],
      rows: [
        ['9007199254740993', '{"d":1.50,"t":"x"}', '[2]', ''],
        ['1.0', '', '', 'null'],
      ],
      total: 2,
    })
  })
})
