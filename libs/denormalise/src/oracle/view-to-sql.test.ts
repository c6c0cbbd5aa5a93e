import { describe, expect, it } from '@jest/globals'
import type { ColumnType } from '@headrace/wire'
import type { ListDefinition, NodeDefinition, ViewDefinition } from '../view-definition.ts'
import { viewToSql } from './view-to-sql.ts'

const type = (kind: ColumnType['kind']): ColumnType => ({ kind, dimensions: 0 })

const node = (
  dataset: string,
  columns: Record<string, ColumnType>,
  fields: string[],
  rest: Partial<NodeDefinition> = {},
): NodeDefinition => ({
  dataset,
  primaryKey: ['id'],
  columns: { id: type('int64'), ...columns },
  fields: fields.map(column => ({ as: column, column })),
  lists: [],
  references: [],
  ...rest,
})

const annotations: ListDefinition = {
  name: 'annotations',
  node: node('annotation', { image_id: type('int64'), label: type('text'), gone: type('timestamptz') }, [
    'id',
    'label',
  ]),
  on: [{ child: 'image_id', parent: 'id' }],
  where: [{ column: 'gone', is: 'null' }],
  orderBy: [{ column: 'label', descending: true }],
  limit: 2,
  overflow: 'truncate',
}

const view = (
  root: Partial<NodeDefinition>,
  aggregates: ViewDefinition['aggregates'] = [],
): ViewDefinition => ({
  view: 'v',
  root: node('image', { key: type('text') }, ['id', 'key'], root),
  aggregates,
  text: [],
})

const tables = new Map([
  ['image', { schema: 'public', name: 'image', columns: new Map([['key', 'Object "key"']]) }],
  ['annotation', { schema: 'public', name: 'annotation' }],
])

describe('viewToSql', () => {
  it('takes rows as not there whose keys it is given', () => {
    const without = new Map([['image', { schema: 'public', name: 'image', without: ["it's", '2'] }]])
    expect(viewToSql(view({}), without).sql).toContain(
      `from (select * from "public"."image" t0 where concat(t0."id") not in ('it''s', '2')) t0`,
    )
    const none = new Map([['image', { schema: 'public', name: 'image', without: [] }]])
    expect(viewToSql(view({}), none).sql).toContain('from "public"."image" t0')
  })

  it('makes one SELECT of a root alone', () => {
    expect(viewToSql(view({}), tables).sql).toBe(
      [
        'select concat(t0."id") as key,',
        `  json_build_object('id', t0."id", 'key', t0."Object ""key""")::text as document,`,
        '  null::text as overflow',
        'from "public"."image" t0',
      ].join('\n'),
    )
  })

  it('groups lists when all rows are asked for', () => {
    expect(viewToSql(view({ lists: [annotations] }), tables).sql).toMatchInlineSnapshot(`
"select concat(t0."id") as key,
  json_build_object('id', t0."id", 'key', t0."Object ""key""", 'annotations', coalesce(l2.list, '[]'))::text as document,
  null::text as overflow
from "public"."image" t0
left join (
  select x.k0, json_agg(x.document order by x.place) filter (where x.place <= 2) as list, null as overflow
  from (
    select t1."image_id" as k0, row_number() over (partition by t1."image_id" order by t1."label" is null, concat(t1."label") collate "C" desc, t1."id") as place,
      json_build_object('id', t1."id", 'label', t1."label") as document
    from "public"."annotation" t1
    where t1."gone" is null
  ) x
  group by 1
) l2 on l2.k0 = t0."id""
`)
  })

  it('looks lists up when keys are given', () => {
    const { sql, parametersOf } = viewToSql(view({ lists: [annotations] }), tables, { keys: 2 })
    expect(sql).toContain('left join lateral (')
    expect(sql).toContain('where t1."image_id" = t0."id" and t1."gone" is null')
    expect(sql).toMatch(/where t0\."id" in \(\$1, \$2\)$/)
    expect(parametersOf('17')).toEqual(['17'])
    expect(parametersOf('9223372036854775808')).toBeUndefined()
    expect(parametersOf('x')).toBeUndefined()
  })

  it('counts without regard to the limit, and never gives null for nothing', () => {
    const { sql } = viewToSql(
      view({ lists: [annotations] }, [
        { path: 'search.count', function: 'count', list: 'annotations' },
        { path: 'search.classes', function: 'countBy', list: 'annotations', column: 'label' },
      ]),
      tables,
    )
    expect(sql).toContain(
      `'search', json_build_object('count', coalesce(a4.value, 0), 'classes', coalesce(a6.value, '{}'))`,
    )
    expect(sql).toContain('count(*) as value')
  })

  it('takes composite keys apart', () => {
    const root = { primaryKey: ['id', 'key'] }
    const { sql, parametersOf } = viewToSql(view(root), tables, { keys: 2 })
    expect(sql).toMatch(/where \(t0\."id", t0\."Object ""key"""\) in \(\(\$1, \$2\), \(\$3, \$4\)\)$/)
    expect(parametersOf('["1","a,\\"b"]')).toEqual(['1', 'a,"b'])
    for (const wrong of ['1', '["1"]', '["1",2]', '["x","y"]', '["1","\\u0000"]', '\u0001sha256:00']) {
      expect(parametersOf(wrong)).toBeUndefined()
    }
  })

  it('refuses to order by JSON, unknown columns and unknown tables', () => {
    const broken = {
      ...annotations,
      node: { ...annotations.node, columns: { ...annotations.node.columns, label: type('json') } },
    }
    expect(() => viewToSql(view({ lists: [broken] }), tables)).toThrow(/no order/)
    expect(() => viewToSql(view({ fields: [{ as: 'x', column: 'x' }] }), tables)).toThrow(/no column x/)
    expect(() =>
      viewToSql(view({ lists: [annotations] }), new Map([['image', tables.get('image')!]])),
    ).toThrow(/no table is known for dataset annotation/)
  })

  it('makes objects of more members than a function takes arguments', () => {
    const fields = Array.from({ length: 60 }, (_, index) => ({ as: `f${index}`, column: 'key' }))
    expect(viewToSql(view({ fields }), tables).sql).toContain('json_object_agg(e.k, e.v)')
  })
})
