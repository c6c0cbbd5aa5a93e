import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { LOCK_FILE, lockContracts } from './contracts-lock.ts'
import { inspectPipeline, loadPipeline } from './load-pipeline.ts'
import type { PipelineFiles } from './pipeline.ts'
import { formatProblem } from './problems.ts'
import { DEFAULT_LIMITS } from './size-limits.ts'
import {
  CHILD,
  contractText,
  FOLDER,
  lockedFiles,
  memoryFiles,
  PARENT,
  PIPELINE,
  VIEW,
} from './testing/memory-files.ts'

const problemsOf = (changed: Readonly<Record<string, string>>): readonly string[] =>
  inspectPipeline(memoryFiles({ ...FOLDER, ...changed })).problems.map(formatProblem)

const inView = (from: string, to: string): readonly string[] => {
  expect(VIEW).toContain(from)
  return problemsOf({ 'views/parents.view.yaml': VIEW.replace(from, to) })
}

describe('a pipeline folder', () => {
  it('becomes a pipeline', () => {
    const pipeline = loadPipeline(lockedFiles(FOLDER))
    expect(pipeline).toMatchObject({ name: 'shop', partitions: 4 })
    expect(pipeline.sources).toEqual([
      {
        name: 'main',
        slot: 'headrace_shop_main',
        publication: 'headrace_shop_main',
        tables: [
          { schema: 'public', name: 'parent', dataset: 'parent', toast: 'reselect' },
          { schema: 'public', name: 'child', dataset: 'child', toast: 'reselect' },
        ],
      },
    ])
    const { contract } = pipeline.datasets.get('child')!
    expect(contract).toMatchObject({
      primaryKey: ['id'],
      onInvalid: 'withhold',
      table: { source: 'main', schema: 'public', name: 'child' },
    })
    expect(contract.fields.map(({ name, number, required }) => [name, number, required])).toEqual([
      ['id', 2, true],
      ['parent_id', 3, false],
      ['kind', 4, false],
      ['n', 5, false],
      ['weight', 6, false],
      ['gone', 7, false],
    ])
  })

  it('says how large rows and documents may be', () => {
    expect(loadPipeline(lockedFiles(FOLDER)).limits).toEqual(DEFAULT_LIMITS)
    const files = { 'pipeline.yaml': `${PIPELINE}limits: { rowBytes: 2000000 }\n` }
    expect(loadPipeline(lockedFiles({ ...FOLDER, ...files })).limits).toEqual({
      ...DEFAULT_LIMITS,
      rowBytes: 2_000_000,
    })
    expect(problemsOf({ 'pipeline.yaml': `${PIPELINE}limits: { documentBytes: 70000000 }\n` })).toEqual([
      expect.stringContaining('must be at most 67108864'),
    ])
  })

  it('takes a table with what is done about large values', () => {
    const files = { 'pipeline.yaml': PIPELINE.replace('[public.parent,', '[{ table: parent, toast: full },') }
    const [source] = loadPipeline(lockedFiles({ ...FOLDER, ...files })).sources
    expect(source?.tables.map(({ name, toast }) => [name, toast])).toEqual([
      ['parent', 'full'],
      ['child', 'reselect'],
    ])
  })

  it('compiles its views', () => {
    const { definition, plan, shape } = loadPipeline(lockedFiles(FOLDER)).views.get('parents')!
    expect(plan).toMatch(/^[0-9a-f]{10}$/)
    expect(definition.root.lists[0]).toMatchObject({
      on: [{ child: 'parent_id', parent: 'id' }],
      where: [
        { column: 'gone', is: 'null' },
        { column: 'kind', is: 'in', values: ['a', 'b'] },
      ],
      orderBy: [
        { column: 'n', descending: true },
        { column: 'id', descending: false },
      ],
      limit: 10,
      overflow: 'countOnly',
    })
    expect(definition.aggregates[1]).toEqual({
      path: 'stats.kinds',
      function: 'countBy',
      list: 'children',
      column: 'kind',
    })
    expect(shape.fields.map(({ kind, name }) => [kind, name])).toEqual([
      ['value', 'id'],
      ['value', 'name'],
      ['list', 'children'],
      ['object', 'stats'],
    ])
    expect(shape.fields[1]).toMatchObject({ text: true })
    expect(shape.fields[3]).toMatchObject({
      fields: [
        { kind: 'value', name: 'count' },
        { kind: 'counts', name: 'kinds' },
        { kind: 'value', name: 'sum', type: { kind: 'decimal' } },
      ],
    })
  })

  it('of the image-search example is right', () => {
    const root = join(import.meta.dirname, '../../../examples/image-search/pipeline')
    const files: PipelineFiles = {
      read: path => readFileSync(join(root, path), 'utf8'),
      list: folder => readdirSync(join(root, folder)).sort(),
    }
    expect([...loadPipeline(files).views.keys()]).toEqual(['image_enriched'])
  })

  it('is refused without pipeline.yaml, and without its lock', () => {
    expect(() => loadPipeline(memoryFiles({}))).toThrow(
      expect.objectContaining({ code: 'pipeline.not_found' }),
    )
    expect(() => loadPipeline(memoryFiles(FOLDER))).toThrow(
      expect.objectContaining({ code: 'pipeline.lock_stale' }),
    )
  })
})

describe('the plan hash', () => {
  const planOf = (changed: Readonly<Record<string, string>>): string =>
    loadPipeline(lockedFiles({ ...FOLDER, ...changed })).views.get('parents')!.plan

  it('follows the definition, used column types and the partition count, nothing else', () => {
    const plans = [
      planOf({}),
      planOf({ 'pipeline.yaml': `${PIPELINE}partitions: 8\n` }),
      planOf({ 'views/parents.view.yaml': VIEW.replace('limit: 10', 'limit: 11') }),
      planOf({ 'contracts/child.odcs.yaml': CHILD.replace('physicalType: integer', 'physicalType: bigint') }),
    ]
    expect(new Set(plans).size).toBe(4)
    expect(planOf({ 'contracts/child.odcs.yaml': CHILD.replace('double precision', 'real') })).toBe(plans[0])
    expect(planOf({ 'views/parents.view.yaml': `# a comment\n${VIEW}` })).toBe(plans[0])
  })

  it('is another one when a used field has another number: documents are made beside those of before', () => {
    const [used, unused] = ['n', 'weight'].map(field => {
      const lost = CHILD.replace(new RegExp(`.*name: ${field},.*\\n`), '')
      const before = { ...FOLDER, [LOCK_FILE]: lockContracts(memoryFiles(FOLDER)) }
      const gone = lockContracts(memoryFiles({ ...before, 'contracts/child.odcs.yaml': lost }))
      expect(gone).toContain('"retired": [\n        {')
      return planOf({ [LOCK_FILE]: gone })
    })
    expect(used).not.toBe(planOf({}))
    expect(unused).toBe(planOf({}))
  })
})

describe('mistakes', () => {
  it('are all told at once, with file, line, column and what is allowed', () => {
    const problems = problemsOf({
      'pipeline.yaml': `${PIPELINE}partition: 8\n`,
      'contracts/parent.odcs.yaml': PARENT.replace('physicalType: jsonb', 'physicalType: jsonx').replace(
        'status:',
        'statuss:',
      ),
    })
    expect(problems).toEqual([
      expect.stringMatching(
        /^contracts\/parent\.odcs\.yaml:5:1: unknown key "statuss"\. Did you mean "status"\? Allowed: apiVersion, /,
      ),
      expect.stringMatching(/^contracts\/parent\.odcs\.yaml:12:37: Postgres type "jsonx" is not known/),
      'pipeline.yaml:4:1: unknown key "partition". Did you mean "partitions"? Allowed: name, partitions, sources, limits, defaults.',
    ])
  })

  it.each<[string, string, RegExp]>([
    [
      'root: parent',
      'root: parnt',
      /:2:7: there is no dataset "parnt"\. Did you mean "parent"\? Allowed: .*child/,
    ],
    [
      'fields: [id, name]',
      'fields: [id, nam]',
      /:3:14: dataset "parent" has no field "nam"\. Did you mean "name"/,
    ],
    ['fields: [id, name]', 'fields: [id, id]', /:3:14: "id" is there twice/],
    [
      'on: { parent_id: id }',
      'on: { kind: id }',
      /:7:9: cannot join child\.kind \(text\) with parent\.id \(int64\)/,
    ],
    [
      'on: { parent_id: id }',
      'on: { weight: id }',
      /cannot join child\.weight with parent\.id: floating-point/,
    ],
    [
      'on: { parent_id: id }',
      'on: { parent_id: name }',
      /"on" must name the primary key of "parent" \(parent\.id\)/,
    ],
    [
      'on: { parent_id: id }',
      'on: { parent: id }',
      /:7:11: dataset "child" has no field "parent"\. Did you mean "parent_id"/,
    ],
    ['where: { gone: null', 'where: { gon: null', /:8:14: dataset "child" has no field "gon"/],
    ['kind: [a, b]', 'weight: 1.5', /"weight" can only be compared with null/],
    ['kind: [a, b]', 'n: a', /:8:29: the value does not fit "n" \(int32\): "a" is no whole number/],
    ['[n desc, id]', '[n down]', /:9:15: "n down" is no order/],
    ['[n desc, id]', '[m]', /has no field "m"/],
    ['{ count: children }', '{ count: childs }', /the view has no list "childs"\. Did you mean "children"/],
    ['{ count: children }', '{ count: children, sum: children.n }', /names exactly one of: count/],
    ['{ countBy: children.kind }', '{ countBy: children.knd }', /has no field "knd"/],
    ['{ sum: children.n }', '{ sum: children.kind }', /only numbers can be summed/],
    ['stats.count:', 'name.count:', /"name" is a field or a list of the document already/],
    ['stats.count:', 'stats:', /"stats\.kinds" is an aggregate|nothing can stand below/],
    ['text: [name]', 'text: [id]', /"id" is no text field of the document\. Allowed: name/],
    [
      'overflow: countOnly',
      'overflow: count',
      /"count" is not possible here\. Did you mean "countOnly"\? Allowed: truncate, countOnly, fail/,
    ],
    ['limit: 10', 'limit: 0', /:11:12: must be at least 1/],
    ['view: parents', 'view: Parents', /:1:7: "Parents" must begin with a lower-case letter/],
    ['  children:', '  name:', /"name" is a name in "fields" and again in "lists"/],
  ])('in a view: %s -> %s', (from, to, expected) => {
    expect(inView(from, to).join('\n')).toMatch(expected)
  })

  it.each<[string, string, RegExp]>([
    [
      'tables: [public.parent, child]',
      'tables: [public.parent, chld]',
      /:3:35: no contract has the physicalName "public\.chld"\. Did you mean "public\.child"/,
    ],
    [
      'tables: [public.parent, child]',
      'tables: [public.parent]',
      /child\.odcs\.yaml:7:11: no source of pipeline\.yaml lists the table "public\.child"/,
    ],
    [
      'tables: [public.parent, child]',
      'tables: [{ table: parent, toast: ful }, child]',
      /"ful" is not possible here\. Did you mean "full"\? Allowed: reselect, full, fail/,
    ],
    ['tables: [public.parent, child]', 'tables: []', /names at least one table/],
    ['name: shop', 'name: 7', /:1:7: expected a string, found a number/],
    ['name: shop', 'name: [', /not valid YAML/],
  ])('in pipeline.yaml: %s -> %s', (from, to, expected) => {
    expect(problemsOf({ 'pipeline.yaml': PIPELINE.replace(from, to) }).join('\n')).toMatch(expected)
  })

  it.each<[string, RegExp]>([
    ['- { name: id, physicalType: bigint }', /dataset "parent" has no property with primaryKey: true/],
    ['- { name: id, physicalType: real, primaryKey: true }', /"id" cannot be a primary key: floating-point/],
    ['- { name: id, primaryKey: true }', /"physicalType" is missing/],
    [
      '- { name: id, physicalType: bigint, logicalType: string, primaryKey: true }',
      /logicalType "string" does not fit physicalType "bigint"\. Allowed: integer, number/,
    ],
    [
      '- { name: id, physicalType: mood, primaryKey: true }',
      /Postgres type "mood" is not known.*An enum needs its labels/,
    ],
    [
      '- { name: id, physicalType: text, primaryKey: true, logicalTypeOptions: { pattern: "(?=x)" } }',
      /not a pattern in RE2 syntax/,
    ],
    [
      '- { name: id, physicalType: text, primaryKey: true, logicalTypeOptions: { minimum: 1 } }',
      /"minimum" does not fit a column of this type\. Allowed: minLength/,
    ],
    [
      '- { name: id, physicalType: bigint, primaryKey: true }\n- { name: id, physicalType: text }',
      /property "id" is there twice/,
    ],
    ['- { name: id-no, physicalType: bigint, primaryKey: true }', /must begin with a letter or _/],
  ])('in a contract: %s', (properties, expected) => {
    const text = contractText('parent', properties)
    expect(problemsOf({ 'contracts/parent.odcs.yaml': text }).join('\n')).toMatch(expected)
  })

  it('are files with another ending, too', () => {
    expect(problemsOf({ 'views/other.yaml': '' }).join()).toMatch(
      'views/other.yaml:1:1: files in views/ end in .view.yaml',
    )
  })
})
