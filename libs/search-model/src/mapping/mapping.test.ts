import { describe, expect, it } from '@jest/globals'
import { exampleShape } from '../testing/example-shape.ts'
import { buildMapping } from './build-mapping.ts'

describe('mapping of a view', () => {
  const { mappings, settings } = buildMapping(exampleShape())
  const properties = mappings['properties'] as Record<string, Record<string, unknown>>

  it('maps nothing by accident', () => {
    const loose: string[] = []
    const walk = (node: Record<string, unknown>, path: string): void => {
      const inner = node['properties'] as Record<string, Record<string, unknown>> | undefined
      if (inner === undefined) return
      if (node['dynamic'] !== 'strict') loose.push(path)
      for (const [name, child] of Object.entries(inner)) walk(child, `${path}.${name}`)
    }
    walk(mappings as Record<string, unknown>, '')
    expect(loose).toEqual([])
  })

  it('keeps index-only fields out of the source', () => {
    expect(mappings['_source']).toEqual({ excludes: ['_x', 'annotations._x'] })
  })

  it('has the exact beside the searchable', () => {
    expect(properties['price']).toMatchObject({
      type: 'keyword',
      fields: { number: { type: 'double', ignore_malformed: true } },
    })
    expect(properties['created_at']).toMatchObject({ type: 'date', fields: { exact: { type: 'keyword' } } })
    expect(properties['caption']).toMatchObject({ type: 'keyword', fields: { words: { type: 'text' } } })
    expect(properties['id']).toEqual({ type: 'long' })
  })

  it('takes any JSON and any count without mapping its keys', () => {
    expect(properties['metadata']).toEqual({ type: 'object', enabled: false })
    expect(properties['annotations_search']).toMatchObject({
      properties: { class_count: { type: 'object', enabled: false } },
    })
    expect(properties['_x']).toMatchObject({
      properties: {
        metadata: { type: 'flattened' },
        camera: { properties: { extra: { type: 'flattened' } } },
        annotations_search: { properties: { class_count: { type: 'nested' } } },
      },
    })
    expect(properties['annotations']).toMatchObject({
      type: 'nested',
      properties: { _x: { properties: { metadata: { type: 'flattened' } } } },
    })
  })

  it('raises limits with the shape', () => {
    expect(settings['index.mapping.total_fields.limit']).toBe(1_000)
    expect(settings['index.mapping.nested_objects.limit']).toBe(100_000)
  })

  it('refuses names that are ours', () => {
    expect(() =>
      buildMapping({
        view: 'v',
        fields: [{ kind: 'value', name: '_x', type: { kind: 'text', dimensions: 0 }, text: false }],
      }),
    ).toThrow('cannot be called "_x"')
  })
})
