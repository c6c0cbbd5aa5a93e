import { DEFAULT_LIMITS, type Pipeline } from '@headrace/pipeline'
import type { DocumentShape } from '@headrace/search-model'
import { topicNames } from '@headrace/wire'

export const PLAN = '0123456789'
export const PARTITIONS = 4

const value = (
  name: string,
  kind: 'int64' | 'text' | 'json' | 'decimal' | 'timestamptz',
): DocumentShape['fields'][number] => ({
  kind: 'value',
  name,
  type: { kind, dimensions: 0 },
  text: false,
})

const shapeOf = (view: string): DocumentShape => ({
  view,
  fields: [
    value('id', 'int64'),
    value('name', 'text'),
    value('price', 'decimal'),
    value('created_at', 'timestamptz'),
    value('metadata', 'json'),
    { kind: 'list', name: 'annotations', fields: [value('class', 'text'), value('metadata', 'json')] },
    {
      kind: 'object',
      name: 'search',
      fields: [value('count', 'int64'), { kind: 'counts', name: 'class_count' }],
    },
  ],
})

/** A pipeline with one view, as libs/pipeline would make it; its name is the view's too. */
export const testPipeline = (name: string): Pipeline => ({
  name,
  partitions: PARTITIONS,
  limits: DEFAULT_LIMITS,
  topics: topicNames(name),
  sources: [],
  datasets: new Map([
    [
      'image',
      {
        name: 'image',
        contract: {
          id: 'test/image',
          version: '1.0.0',
          owner: 'testers',
          dataset: 'image',
          kind: 'change',
          fields: [],
          primaryKey: ['id'],
          onInvalid: 'withhold',
          unenforced: [],
        },
      },
    ],
  ]),
  views: new Map([
    [
      name,
      {
        name,
        plan: PLAN,
        shape: shapeOf(name),
        definition: {
          view: name,
          root: { dataset: 'image', primaryKey: ['id'], columns: {}, fields: [], lists: [], references: [] },
          aggregates: [],
          text: [],
        },
      },
    ],
  ]),
})
