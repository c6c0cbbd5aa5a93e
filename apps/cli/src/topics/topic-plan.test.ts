import { resolve } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { loadPipeline } from '@headrace/pipeline'
import { readPipelineFolder } from '@headrace/runtime'
import { topicPlan } from './topic-plan.ts'

const EXAMPLE = resolve(__dirname, '../../../../examples/image-search/pipeline')

describe('topicPlan', () => {
  const pipeline = loadPipeline(readPipelineFolder(EXAMPLE))
  const plan = topicPlan(pipeline)
  const of = (topic: string) => plan.find(planned => planned.topic === topic)
  const view = pipeline.views.get('image_enriched')!

  it('names every topic of the pipeline once', () => {
    expect(plan.map(({ topic }) => topic)).toEqual([
      'image-search.relations',
      'image-search.positions',
      'image-search.contracts',
      'image-search.control',
      ...['annotation', 'image', 'slice', 'slice_image'].flatMap(name =>
        ['raw', 'validated', 'dead'].map(kind => `image-search.${kind}.${name}`),
      ),
      ...['annotations', 'slices'].flatMap(edge =>
        ['hop', 'index'].map(kind => `image-search.${kind}.image_enriched.${view.plan}.${edge}`),
      ),
      `image-search.documents.image_enriched.${view.plan}`,
    ])
  })

  it('gives data topics the partitions of the pipeline and control topics one', () => {
    for (const { topic, partitions } of plan) {
      expect(partitions).toBe(
        /(relations|positions|contracts|control)$/.test(topic) ? 1 : pipeline.partitions,
      )
    }
  })

  it('compacts whatever holds the latest value and keeps tombstones for seven days', () => {
    for (const { config } of plan) {
      if (config['cleanup.policy'] === 'compact') expect(config['delete.retention.ms']).toBe('604800000')
    }
    expect(
      plan.filter(({ config }) => config['cleanup.policy'] === 'delete').map(({ topic }) => topic),
    ).toEqual(
      ['annotation', 'image', 'slice', 'slice_image'].flatMap(name =>
        ['raw', 'dead'].map(kind => `image-search.${kind}.${name}`),
      ),
    )
  })

  it('lets a raw record fit as validated one and both as dead letter (04 K12)', () => {
    const limit = (topic: string): number => Number(of(topic)?.config['max.message.bytes'])
    expect(limit('image-search.raw.image')).toBeLessThan(limit('image-search.validated.image'))
    expect(limit('image-search.validated.image')).toBeLessThan(limit('image-search.dead.image'))
    expect(limit('image-search.raw.image')).toBeGreaterThan(pipeline.limits.rowBytes)
    expect(limit(`image-search.documents.image_enriched.${view.plan}`)).toBeGreaterThan(
      pipeline.limits.documentBytes,
    )
  })
})
