import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Elasticsearch } from '@headrace/elasticsearch'
import { createKafka, type Kafka } from '@headrace/kafka'
import { backends, createDatabase, type TestDatabase, uniqueName, waitFor } from '@headrace/testkit'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Ended, headrace } from '../testing/run-command.ts'

const name = uniqueName('remove').slice(-30).replace(/^-+/, '')
const slot = `headrace_${name}_main`.replace(/[^a-z0-9_]/g, '_')
/** Belongs to somebody else, whatever it begins with. */
const FOREIGN_TOPIC = `${name}.orders`
const [index, foreignIndex] = [`${name}-1`, `${name}-other`]

let database: TestDatabase
let dir: string
let kafka: Kafka
let elasticsearch: Elasticsearch

const makeIndex = (path: string, pipeline: string): Promise<unknown> =>
  elasticsearch.send({
    method: 'PUT',
    path: `/${path}`,
    body: JSON.stringify({ mappings: { _meta: { pipeline } } }),
  })

const servers = (): readonly string[] => [
  ...['--postgres', database.url, '--kafka', backends().kafkaBrokers.join(',')],
  ...['--elasticsearch', backends().elasticsearchUrl],
]

const remove = (...options: readonly string[]): Promise<Ended> =>
  headrace(['remove', dir, ...servers(), ...options])

const ours = async (): Promise<readonly string[]> =>
  (await kafka.admin.list()).filter(topic => topic.startsWith(`${name}.`))

const must = async (ended: Promise<Ended>): Promise<void> => {
  const { status, stderr } = await ended
  if (status !== 0) throw new Error(stderr)
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'headrace-remove-'))
  database = await createDatabase('remove')
  kafka = createKafka({ brokers: backends().kafkaBrokers, clientId: name })
  elasticsearch = new Elasticsearch({ url: backends().elasticsearchUrl })
  await database.query('create table shop (id int primary key)')
  await must(headrace(['contracts', 'pull', '--postgres', database.url, '--out', dir, '--name', name]))
  await must(headrace(['source', 'prepare', dir, '--postgres', database.url]))
  await must(headrace(['topics', 'apply', dir, '--kafka', backends().kafkaBrokers.join(',')]))
  await kafka.admin.ensure([{ topic: FOREIGN_TOPIC, partitions: 1, config: {} }])
  await database.query(`select pg_create_logical_replication_slot('${slot}', 'pgoutput')`)
  await makeIndex(index, name)
  await makeIndex(foreignIndex, `${name}-other`)
})

afterAll(async () => {
  await kafka.admin.delete(await ours())
  await kafka.stop()
  for (const path of [index, foreignIndex])
    await elasticsearch.send({ method: 'DELETE', path: `/${path}`, accept: [404] })
  await elasticsearch.close()
  await database?.drop()
  rmSync(dir, { recursive: true, force: true })
})

describe('headrace remove', () => {
  it('asks; without a terminal it lists and removes nothing', async () => {
    const ended = await remove()
    expect(ended.status).toBe(64)
    expect(ended.stderr).toContain('--yes')
    expect(ended.stdout).toContain(`replication slot ${slot}`)
    expect(ended.stdout).toContain(`index ${index}`)
    expect(ended.stdout).not.toContain(FOREIGN_TOPIC)
    expect((await ours()).length).toBeGreaterThan(5)
  })

  it('is refused while a service is in one of the groups', async () => {
    const groupId = `${name}.validator`
    const member = await kafka.consumer({
      groupId,
      topics: [FOREIGN_TOPIC],
      memberName: 'validator-0',
      sessionTimeoutMs: 300_000,
      handlers: { assigned: () => undefined, revoked: () => undefined },
    })
    await waitFor(async () => (await kafka.admin.memberCount(groupId)) === 1, { what: 'the member' })
    const before = await ours()
    const ended = await remove('--yes')
    expect(ended.status).toBe(69)
    expect(ended.stderr).toContain(`consumer group ${groupId} is in use`)
    expect(await ours()).toEqual(before)
    expect(
      await database.query(`select 1 from pg_replication_slots where slot_name = '${slot}'`),
    ).toHaveLength(1)
    await member.stop()
    await waitFor(async () => (await kafka.admin.memberCount(groupId)) === 0, { what: 'the empty group' })
  })

  it('removes everything of the pipeline and nothing else', async () => {
    const ended = await remove('--yes', '--json')
    expect(ended.status).toBe(0)
    const { removed } = JSON.parse(ended.stdout) as { removed: readonly { kind: string; name: string }[] }
    expect(new Set(removed.map(({ kind }) => kind))).toEqual(
      new Set(['replication slot', 'publication', 'topic', 'consumer group', 'index']),
    )
    // the broker hears of it after the controller has answered
    await waitFor(async () => (await ours()).join() === FOREIGN_TOPIC, { what: 'the topics to be gone' })
    expect(await database.query('select 1 from pg_publication')).toEqual([])
    expect(await database.query(`select 1 from pg_replication_slots where slot_name = '${slot}'`)).toEqual([])
    const there = async (path: string): Promise<number> =>
      (await elasticsearch.send({ method: 'GET', path: `/${path}`, accept: [404] })).status
    expect([await there(index), await there(foreignIndex)]).toEqual([404, 200])
  })

  it('finds nothing the second time', async () => {
    const ended = await remove('--yes')
    expect(ended).toMatchObject({ status: 0, stdout: expect.stringContaining('nothing removed') })
  })
})
