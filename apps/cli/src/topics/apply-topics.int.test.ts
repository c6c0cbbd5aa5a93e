import { afterAll, describe, expect, it } from '@jest/globals'
import { createKafka, type Kafka, type OutgoingRecord, type PartitionReader } from '@headrace/kafka'
import { backends, uniqueName, waitFor } from '@headrace/testkit'
import { isMarkerKey, topicNames } from '@headrace/wire'
import { applyTopics } from './apply-topics.ts'
import { incarnationMarker } from './incarnation-marker.ts'
import type { PlannedTopic } from './topic-plan.ts'

describe('applyTopics', () => {
  const kafka: Kafka = createKafka({ brokers: backends().kafkaBrokers, clientId: uniqueName('cli-test') })
  const made: string[] = []
  afterAll(async () => {
    await kafka.admin.delete(made)
    await kafka.stop()
  })

  const planFor = (pipeline: string, partitions = 2): readonly PlannedTopic[] => {
    const topics = topicNames(pipeline)
    const plan: readonly PlannedTopic[] = [
      { topic: topics.control, partitions: 1, values: 'plain', config: { 'cleanup.policy': 'compact' } },
      { topic: topics.raw('d'), partitions, values: 'raw', config: { 'cleanup.policy': 'delete' } },
      {
        topic: topics.validated('d'),
        partitions,
        values: 'validated',
        config: { 'cleanup.policy': 'compact' },
      },
    ]
    made.push(...plan.map(({ topic }) => topic))
    return plan
  }

  const firstKeys = async (topic: string, partitions: number): Promise<readonly boolean[]> => {
    const reader = kafka.reader()
    const keys: boolean[] = []
    for (let partition = 0; partition < partitions; partition++) {
      const { start } = await reader.bounds(topic, partition)
      for await (const { records } of reader.readToEnd(topic, partition, start)) {
        for (const { key } of records) keys.push(isMarkerKey(key))
      }
    }
    await reader.stop()
    return keys
  }

  it('makes topics and marks each data partition once, however often it runs', async () => {
    const pipeline = uniqueName('apply')
    const plan = planFor(pipeline)
    expect(await applyTopics(kafka, pipeline, plan)).toEqual({
      created: plan.map(({ topic }) => topic),
      marked: 4,
      enlarged: [],
    })
    expect(await applyTopics(kafka, pipeline, plan)).toEqual({ created: [], marked: 0, enlarged: [] })
    expect(await firstKeys(topicNames(pipeline).raw('d'), 2)).toEqual([true, true])
    expect(await firstKeys(topicNames(pipeline).control, 1)).toEqual([])
  })

  it('enlarges topics that take smaller records than the plan says, and leaves all else of them', async () => {
    const pipeline = uniqueName('apply')
    const plan = planFor(pipeline)
    await applyTopics(kafka, pipeline, plan)
    const sized = (bytes: string) =>
      plan.map(each => ({
        ...each,
        config: { ...each.config, 'max.message.bytes': bytes, 'retention.ms': '1' },
      }))
    const { enlarged } = await applyTopics(kafka, pipeline, sized('9000000'))
    expect(enlarged).toEqual(plan.map(({ topic }) => topic))
    // the broker hears of it after the controller has answered
    await waitFor(
      async () => {
        const found = await Promise.all(plan.map(({ topic }) => kafka.admin.describe(topic)))
        return found.every(each => each?.config['max.message.bytes'] === '9000000')
      },
      { what: 'the new size' },
    )
    expect((await applyTopics(kafka, pipeline, sized('8000000'))).enlarged).toEqual([])
    const { config } = (await kafka.admin.describe(topicNames(pipeline).raw('d')))!
    expect(config['max.message.bytes']).toBe('9000000')
    expect(config['retention.ms']).not.toBe('1')
    const writer = await kafka.writer({ name: uniqueName('large'), maxRecordBytes: 9_000_000 })
    const key = Buffer.from('1')
    await writer.write({
      records: [{ topic: topicNames(pipeline).raw('d'), partition: 0, key, value: Buffer.alloc(8_000_000) }],
    })
    await writer.stop()
  })

  it('completes an apply that ended after it had made the topics', async () => {
    const pipeline = uniqueName('apply')
    const plan = planFor(pipeline)
    await kafka.admin.ensure(plan)
    expect(await applyTopics(kafka, pipeline, plan)).toEqual({ created: [], marked: 4, enlarged: [] })
  })

  it('writes the markers although an aborted transaction left offsets behind', async () => {
    const pipeline = uniqueName('apply')
    const plan = planFor(pipeline)
    await kafka.admin.ensure(plan)
    const { key, value } = incarnationMarker('raw')
    const topic = topicNames(pipeline).raw('d')
    const writer = await kafka.writer({ name: uniqueName('aborted') })
    const missing = { topic: topicNames(pipeline).raw('not-there'), partition: 0, key, value }
    await writer.write({ records: [{ topic, partition: 0, key, value }, missing] }).catch(() => undefined)
    await writer.stop()
    expect((await applyTopics(kafka, pipeline, plan)).marked).toBe(4)
    expect(await firstKeys(topic, 2)).toEqual([true, true])
  })

  it('refuses another number of partitions', async () => {
    const pipeline = uniqueName('apply')
    await applyTopics(kafka, pipeline, planFor(pipeline))
    await expect(applyTopics(kafka, pipeline, planFor(pipeline, 3))).rejects.toMatchObject({
      code: 'kafka.partition_mismatch',
    })
  })

  const foreignRecord = (pipeline: string): OutgoingRecord => ({
    topic: topicNames(pipeline).raw('d'),
    partition: 1,
    key: Buffer.from('1'),
    value: Buffer.from('x'),
  })

  it('refuses a topic that somebody else wrote to first', async () => {
    const pipeline = uniqueName('apply')
    const plan = planFor(pipeline)
    await kafka.admin.ensure(plan)
    const writer = await kafka.writer({ name: uniqueName('foreign') })
    await writer.write({ records: [foreignRecord(pipeline)] })
    await writer.stop()
    await expect(applyTopics(kafka, pipeline, plan)).rejects.toMatchObject({ code: 'topics.foreign' })
  })

  it('refuses a topic that somebody else writes to first, and commits while it looks', async () => {
    const pipeline = uniqueName('apply')
    const plan = planFor(pipeline)
    await kafka.admin.ensure(plan)
    let isPrepared = false
    let commit = (): void => undefined
    const toldTo = new Promise<void>(resolve => (commit = resolve))
    const hold = async (point: string): Promise<void> => {
      if (point !== 'prepared') return
      isPrepared = true
      await toldTo
    }
    const foreign = createKafka(
      { brokers: backends().kafkaBrokers, clientId: uniqueName('foreign') },
      { hold },
    )
    const writer = await foreign.writer({ name: uniqueName('foreign'), transactionTimeoutMs: 60_000 })
    const written = writer.write({ records: [foreignRecord(pipeline)] })
    await waitFor(() => isPrepared, { what: 'the open transaction' })
    const reader = (): PartitionReader => {
      const real = kafka.reader()
      return {
        bounds: (topic, partition) => real.bounds(topic, partition),
        written: (topic, partition) => real.written(topic, partition),
        follow: (...where) => real.follow(...where),
        readToEnd: (topic, partition, ...from) => {
          if (partition === 1) commit()
          return real.readToEnd(topic, partition, ...from)
        },
        stop: () => real.stop(),
      }
    }
    try {
      const applied = applyTopics({ ...kafka, reader }, pipeline, plan)
      await expect(applied).rejects.toMatchObject({ code: 'topics.foreign' })
    } finally {
      commit()
      await written
      await foreign.stop()
    }
  })
})
