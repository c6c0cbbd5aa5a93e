import { createKafka, type GroupConsumer, type Kafka, type KafkaAdmin } from '@headrace/kafka'
import { aggregatorGroup, type CompiledView, loadPipeline, type Pipeline } from '@headrace/pipeline'
import { readPipelineFolder } from '@headrace/runtime'
import { backends, copyPipeline, uniqueName, waitFor } from '@headrace/testkit'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { resolve } from 'node:path'
import { type Ended, headrace } from '../testing/run-command.ts'
import { applyTopics } from './apply-topics.ts'
import { madeOfView, rebuildView } from './rebuild-view.ts'
import { topicPlan, viewTopics } from './topic-plan.ts'

/** The same servers, where something of somebody else happens just before or after a request of the command. */
const meanwhile = (
  kafka: Kafka,
  when: 'before' | 'after',
  method: 'delete' | 'deleteGroup',
  happens: () => Promise<void>,
): Kafka => {
  let isOver = false
  const once = async (): Promise<void> => {
    if (!isOver) await happens()
    isOver = true
  }
  const admin = new Proxy<KafkaAdmin>(kafka.admin, {
    get: (real, name: keyof KafkaAdmin) => {
      const call = real[name].bind(real) as (...args: readonly unknown[]) => Promise<unknown>
      if (name !== method) return call
      return async (...args: readonly unknown[]): Promise<unknown> => {
        if (when === 'before') await once()
        const answer = await call(...args)
        if (when === 'after') await once()
        return answer
      }
    },
  })
  return { ...kafka, admin }
}

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
  /** As an aggregator does that gets as far as its first turn. */
  const commit = () => kafka.admin.resetOffsets(group, [{ topic: validated, partition: 0, next: 1n }])
  const members = async (count: number): Promise<void> => {
    const what = `${count} members of the group`
    await waitFor(async () => (await kafka.admin.memberCount(group)) === count, { what })
  }
  const join = async (): Promise<GroupConsumer> => {
    const handlers = { assigned: () => undefined, revoked: () => undefined }
    // no pause of the machine ends its session
    const options = {
      groupId: group,
      topics: [validated],
      memberName: 'aggregator-0',
      handlers,
      sessionTimeoutMs: 300_000,
    }
    const member = await kafka.consumer(options)
    await members(1)
    return member
  }
  const leave = async (member: GroupConsumer | undefined): Promise<void> => {
    await member?.stop()
    await members(0)
  }
  const topicsOfView = async (): Promise<readonly string[]> => {
    const there = new Set(await kafka.admin.list())
    return viewTopics(pipeline, view)
      .map(({ topic }) => topic)
      .filter(topic => there.has(topic))
  }

  it('is refused while an aggregator is at work, and asks before it removes', async () => {
    const member = await join()
    const refused = await rebuild('--yes')
    expect(refused.status).toBe(69)
    expect(refused.stderr).toContain(`an aggregator works on the view ${view.name}`)
    await leave(member)
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

  it('leaves all as it is when an aggregator was started while it asked', async () => {
    await commit()
    const before = await beginning(documents)
    const made = await madeOfView(kafka, pipeline, view)
    const member = await join()
    await expect(rebuildView(kafka, pipeline, made)).rejects.toMatchObject({ code: 'remove.in_use' })
    expect(await committed()).toEqual([1n])
    expect(await beginning(documents)).toBe(before)
    await leave(member)
  })

  it('leaves all as it is when one is started at the last moment', async () => {
    await commit()
    const before = await beginning(documents)
    const made = await madeOfView(kafka, pipeline, view)
    let member: GroupConsumer | undefined
    const unlucky = meanwhile(kafka, 'before', 'deleteGroup', async () => void (member = await join()))
    await expect(rebuildView(unlucky, pipeline, made)).rejects.toMatchObject({ code: 'remove.in_use' })
    expect(await committed()).toEqual([1n])
    expect(await beginning(documents)).toBe(before)
    await leave(member)
  })

  it('leaves the topics when one has worked since the group was forgotten', async () => {
    const before = await beginning(documents)
    const made = await madeOfView(kafka, pipeline, view)
    const unlucky = meanwhile(kafka, 'after', 'deleteGroup', commit)
    await expect(rebuildView(unlucky, pipeline, made)).rejects.toMatchObject({ code: 'remove.in_use' })
    expect(await beginning(documents)).toBe(before)
  })

  it('forgets what one commits while its topics are removed', async () => {
    const before = await beginning(documents)
    const made = await madeOfView(kafka, pipeline, view)
    const unlucky = meanwhile(kafka, 'before', 'delete', commit)
    await rebuildView(unlucky, pipeline, made)
    expect(await committed()).toEqual([null])
    expect(await beginning(documents)).not.toBe(before)
  })

  it('makes no topics while one that was started meanwhile is at work, and all of them when it is run again', async () => {
    const before = await beginning(documents)
    const made = await madeOfView(kafka, pipeline, view)
    let member: GroupConsumer | undefined
    const unlucky = meanwhile(kafka, 'before', 'delete', async () => void (member = await join()))
    await expect(rebuildView(unlucky, pipeline, made)).rejects.toMatchObject({
      code: 'remove.in_use',
      hint: expect.stringContaining('run the command again'),
    })
    expect(await topicsOfView()).toEqual([])
    await leave(member)
    expect((await rebuild('--yes')).status).toBe(0)
    expect(await topicsOfView()).toHaveLength(viewTopics(pipeline, view).length)
    expect(await committed()).toEqual([null])
    expect(await beginning(documents)).not.toBe(before)
  })

  it('makes no other topic of the pipeline', async () => {
    const dead = pipeline.topics.dead('image')
    await kafka.admin.delete([dead])
    await waitFor(async () => (await kafka.admin.describe(dead)) === null, { what: 'the topic to be gone' })
    await rebuildView(kafka, pipeline, await madeOfView(kafka, pipeline, view))
    expect(await kafka.admin.describe(dead)).toBeNull()
  })
})
