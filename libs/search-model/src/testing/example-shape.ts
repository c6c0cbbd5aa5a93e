import type { ColumnKind } from '@headrace/wire'
import type { DocumentShape, ShapeField } from '../document-shape.ts'

const value = (
  name: string,
  kind: ColumnKind,
  more: { text?: boolean; dimensions?: number; labels?: readonly string[] } = {},
): ShapeField => ({
  kind: 'value',
  name,
  type: {
    kind,
    dimensions: more.dimensions ?? 0,
    ...(more.labels === undefined ? {} : { labels: more.labels }),
  },
  text: more.text ?? false,
})

/** A view with every type, a list, a reference, a count and a countBy. */
export const exampleShape = (view = 'example'): DocumentShape => ({
  view,
  fields: [
    value('id', 'int64'),
    value('key', 'text'),
    value('caption', 'text', { text: true }),
    value('level', 'text', { labels: ['low', 'middle', 'high'] }),
    value('width', 'int32'),
    value('small', 'int16'),
    value('ratio', 'float32'),
    value('score', 'float64'),
    value('price', 'decimal'),
    value('active', 'boolean'),
    value('guid', 'uuid'),
    value('hash', 'bytes'),
    value('day', 'date'),
    value('hour', 'time'),
    value('local', 'timestamp'),
    value('created_at', 'timestamptz'),
    value('metadata', 'json'),
    value('tags', 'text', { dimensions: 1 }),
    value('numbers', 'int32', { dimensions: 1 }),
    {
      kind: 'list',
      name: 'annotations',
      fields: [
        value('id', 'int64'),
        value('class', 'text'),
        value('weight', 'float64'),
        value('metadata', 'json'),
      ],
    },
    {
      kind: 'object',
      name: 'camera',
      fields: [value('name', 'text'), value('price', 'decimal'), value('extra', 'json')],
    },
    {
      kind: 'object',
      name: 'annotations_search',
      fields: [
        value('count', 'int64'),
        { kind: 'counts', name: 'class_count' },
        { kind: 'counts', name: 'level_count', labels: ['low', 'middle', 'high'] },
      ],
    },
  ],
})
