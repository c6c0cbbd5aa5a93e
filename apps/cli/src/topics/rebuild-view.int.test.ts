import { createKafka, type Kafka } from '@headrace/kafka'
import { aggregatorGroup, type CompiledView, loadPipeline, type Pipeline } from '@headrace/pipeline'
import { readPipelineFolder } from '@headrace/runtime'
import { backends, copyPipeline, uniqueName, waitFor } from '@headrace/testkit'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { resolve } from 'node:path'
import { type Ended, headrace } from '../testing/run-command.ts'
import { applyTopics } from './apply-topics.ts'
import { topicPlan } from './topic-plan.ts'

const EXAMPLE = resolve(__dirname, '../../../../examples/image-search/pipeline')

describe('headrace view rebuild', () => {
  const copy = copyPipeline(EXAMPLE, uniqueName('rebuild').slice(-24).replace(/^-+/, ''))
  const kafka: Kafka = createKafka({ brokers: backends().kafkaBrokers, clientId: uniqueName('rebuild') })
  let pipeline: Pipeline
  let view: CompiledView
  let group = ''
  let documents = ''
  let validated = ''

  beforeAll(async () => {
    pipeline = loadPipeline(readPipelineFolder(copy.dir))
    view = [...pipeline.views.values()][0]!
    group = aggregatorGroup(pipeline, view)
    documents = pipeline.topics.documents(view.name, view.plan)
    validated = pipeline.topics.validated('image')
    await applyTopics(kafka, pipeline.name, topicPlan(pipeline))
    await kafka.admin.resetOffsets(group, [{ topic: validated, partition: 0, next: 1n }])
  })
  afterAll(async () => {
    await kafka.admin.delete(topicPlan(pipeline).map(({ topic }) => topic))
    await kafka.stop()
    copy.remove()
  })

  const rebuild = (...more: readonly string[]): Promise<Ended> => {
    const brokers = backends().kafkaBrokers.join(',')
    return headrace(['view', 'rebuild', view.name, '--pipeline', copy.dir, '--kafka', brokers, ...more])
  }
  /** The markers at the beginning: other bytes when a topic was made anew. */
  const beginning = async (topic: string): Promise<string> => {
    const reader = kafka.reader()
    for await (const { records } of reader.readToEnd(topic, 0, 0n)) {
      await reader.stop()
      return records[0]?.value?.toString('hex') ?? ''
    }
    throw new Error(`${topic} is empty`)
  }
  const committed = async () =>
    (await kafka.admin.committed(group, { [validated]: [0] })).map(({ next }) => next)

  it('is refused while an aggregator is at work, and asks before it removes', async () => {
    const silent = { assigned: () => undefined, revoked: () => undefined }
    const member = await kafka.consumer({
      groupId: group,
      topics: [validated],
      memberName: 'aggregator-0',
      handlers: silent,
    })
    await waitFor(async () => (await kafka.admin.memberCount(group)) === 1, { what: 'the member' })
    const refused = await rebuild('--yes')
    expect(refused.status).toBe(69)
    expect(refused.stderr).toContain(`an aggregator works on the view ${view.name}`)
    await member.stop()
    await waitFor(async () => (await kafka.admin.memberCount(group)) === 0, { what: 'the empty group' })
    const asking = await rebuild()
    expect(asking.status).toBe(64)
    expect(asking.stdout).toContain(documents)
    expect(await committed()).toEqual([1n])
  })

  it('makes the topics of the view anew and forgets the group; rows stay', async () => {
    const before = { documents: await beginning(documents), validated: await beginning(validated) }
    const { status, stdout } = await rebuild('--yes', '--json')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ view: view.name, rebuilt: true, group })
    expect(await committed()).toEqual([null])
    expect(await beginning(documents)).not.toBe(before.documents)
    expect(await beginning(validated)).toBe(before.validated)
    // again, with nothing of it left to forget
    expect((await rebuild('--yes')).status).toBe(0)
  })
})
