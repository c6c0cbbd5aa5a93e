import { createServer, connect, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { type BulkItem, BulkWriter } from '@headrace/elasticsearch'
import { stubBody } from '@headrace/search-model'
import { backends, waitFor } from '@headrace/testkit'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { ended, Harness } from './testing/harness.ts'

let harness: Harness
beforeEach(() => {
  harness = new Harness()
})
afterEach(() => harness.stop())

const image = (n: number, name: string): string =>
  `{"id":${n},"name":"${name}","price":${n}.50,"metadata":{"speed":${n}},"annotations":[{"class":"car","metadata":{"occluded":true}}],"search":{"count":1,"class_count":{"car":1}}}`

describe('indexer', () => {
  it('brings documents, deletes, stubs and rejections into the index, each at its offset', async () => {
    await harness.makeTopic()
    const now = BigInt(Date.now()) * 1_000n
    await harness.write([
      harness.document('a', image(1, 'old')),
      harness.document('b', image(2, 'b')),
      harness.document('a', image(1, 'new'), {
        side: '{"search.class_count":[{"key":"car","n":1}]}',
        oldestCommitUs: now,
      }),
      harness.tombstone('b'),
      harness.document('c', '', { error: 'more than 1000 children' }),
      harness.document('d', '{"id":"no number"}'),
      harness.document('e', '{"id":1,"unknown":true}'),
      harness.document('f', 'not JSON'),
      harness.document(
        'g',
        '{"id":9007199254740993,"price":12345678901234567890.123,"created_at":"infinity","metadata":[1,{"a":1.50}]}',
      ),
    ])
    const running = harness.start()
    const documents = await waitFor(
      async () => {
        const found = await harness.documents()
        expect([...found.keys()].sort()).toEqual(['a', 'c', 'd', 'e', 'f', 'g'])
        expect(found.get('a')!.source).toContain('"name":"new","price":1.5')
        return found
      },
      { what: 'six documents' },
    )
    expect(documents.get('g')!.source).toBe(
      '{"id":9007199254740993,"price":12345678901234567890.123,"created_at":"infinity","metadata":[1,{"a":1.50}]}',
    )
    expect(documents.get('c')!.source).toBe('{"_error":"more than 1000 children"}')
    for (const [key, reason] of [
      ['d', 'failed to parse field [id] of type [long]'],
      ['e', 'strict_dynamic_mapping_exception'],
      ['f', 'not JSON'],
    ] as const) {
      expect(documents.get(key)!.source).toContain(reason)
    }
    const letters = await waitFor(
      async () => {
        const found = await harness.deadLetters()
        return found.size === 3 && found
      },
      { what: 'three dead letters' },
    )
    // what the aggregator could not make has its dead letter already
    expect([...letters.keys()].sort()).toEqual(['d', 'e', 'f'])
    expect(letters.get('e')).toMatchObject({
      'dead.code': 'sink.rejected',
      'dead.rule': 'strict_dynamic_mapping_exception',
      'dead.contract': 'test/image',
      'dead.view': harness.view,
      'dead.source.topic': harness.topic,
      'dead.retryable': 'true',
    })
    for (const { 'dead.message': message } of letters.values()) expect(message).not.toContain('no number')
    // a document is found before the indexer has heard that it was taken
    await waitFor(
      async () => {
        const text = await running.metrics.expose()
        expect(text).toContain(`_documents_total{view="${harness.view}",outcome="rejected"} 2`)
        expect(text).toContain(`_commit_to_indexed_seconds_count{view="${harness.view}"} 1`)
        return true
      },
      { what: 'the counts' },
    )
    await running.stop()
  })

  it('takes a document of several MB and 10,000 elements; one with too many has a stub until it has fewer (A18)', async () => {
    await harness.makeTopic()
    const elements = (count: number, bytes: number): string =>
      `{"id":1,"annotations":[${Array.from({ length: count }, (_, n) => `{"class":"${'c'.repeat(bytes)}${n}"}`).join()}]}`
    await harness.write([
      harness.document('large', elements(10_000, 400)),
      harness.document('larger', elements(100_001, 1)),
      harness.document('small', image(1, 'small')),
    ])
    const running = harness.start()
    const has = async (key: string, text: string): Promise<boolean> =>
      (await harness.documents()).get(key)?.source?.includes(text) === true
    await waitFor(async () => (await harness.documents()).size === 3, {
      what: 'three documents',
      timeoutMs: 120_000,
    })
    expect(await has('large', 'c9999"')).toBe(true)
    expect(await has('small', '"small"')).toBe(true)
    const stub = (await harness.documents()).get('larger')!.source!.slice(0, 200)
    expect(stub).toMatch(/^\{"_error":"[a-z_]+: .*nested documents/)
    await waitFor(
      async () => (await harness.deadLetters()).get('larger')?.['dead.code'] === 'sink.rejected',
      {
        what: 'the dead letter',
      },
    )
    await harness.write([harness.document('larger', elements(50_000, 1))])
    await waitFor(() => has('larger', 'c49999"'), { what: 'the document with fewer elements' })
    await running.stop()
  })

  it('waits for its topic', async () => {
    const running = harness.start()
    await waitFor(async () => (await harness.kafka.admin.describe(harness.topic)) === null, {
      what: 'a look',
    })
    await harness.makeTopic()
    await harness.write([harness.document('a', image(1, 'a'))])
    await waitFor(async () => (await harness.documents()).size === 1, {
      what: 'the document',
    })
    await running.stop()
  })

  it('fills another index when the topic was made anew, and moves the alias when that has all documents', async () => {
    await harness.makeTopic()
    await harness.writeRow()
    await harness.write([harness.document('a', image(1, 'a')), harness.document('b', image(2, 'b'))])
    const first = harness.start()
    await waitFor(async () => (await harness.documents()).size === 2, { what: 'both documents' })
    await first.stop()
    await harness.kafka.admin.delete([harness.topic])
    await waitFor(async () => (await harness.kafka.admin.describe(harness.topic)) === null, {
      what: 'the topic to be gone',
    })
    await harness.makeTopic()
    await harness.write([harness.document('c', image(3, 'c'))])
    const second = harness.start()
    const live = async () => [...(await harness.indices.behind(harness.view)).keys()]
    const [old = ''] = await live()
    const filling = old.replace(/1$/, '2')
    await waitFor(async () => (await second.metrics.expose()).includes('outcome="written"} 1'), {
      what: 'the document of the new topic',
    })
    // the aggregator is not through: searches keep the old documents, for as long as that takes
    await waitFor(() => second.said('searches see the live index'), { what: 'a look' })
    expect(await live()).toEqual([old])
    await harness.aggregated()
    await waitFor(async () => (await live())[0] === filling, { what: 'the alias to move' })
    expect([...(await harness.documents()).keys()]).toEqual(['c'])
    await second.stop()
  })

  it('fills the index anew when it was removed, whatever is committed', async () => {
    await harness.makeTopic()
    await harness.write([harness.document('a', image(1, 'a'))])
    const first = harness.start()
    await waitFor(async () => (await harness.documents()).size === 1, { what: 'the document' })
    const [name] = (await harness.indices.behind(harness.view)).keys()
    await harness.indices.remove(name!)
    await harness.write([harness.document('b', image(2, 'b'))])
    await expect(first.done).rejects.toMatchObject({ code: 'elasticsearch.index_missing' })
    const second = harness.start()
    await waitFor(async () => (await harness.documents()).size === 2, {
      what: 'both documents',
    })
    await second.stop()
  })

  it('fills another index when it was away for so long that Kafka may have forgotten deletes', async () => {
    await harness.makeTopic()
    await harness.write([harness.document('a', image(1, 'a'))])
    const first = harness.start()
    await waitFor(async () => (await harness.documents()).size === 1, { what: 'the document' })
    await first.stop()
    // what is left when Kafka has forgotten the delete of a document
    const ghost: BulkItem = { kind: 'index', id: 'ghost', version: 1n, body: stubBody('ghost', 'ghost') }
    const bulk = new BulkWriter({ elasticsearch: harness.elasticsearch })
    await bulk.write(harness.view, [ghost], new AbortController().signal)
    expect((await harness.documents()).size).toBe(2)
    const live = async () => [...(await harness.indices.behind(harness.view)).keys()]
    // all was switched off together: nothing was written, so nothing was deleted
    await harness.ageOffsets(8)
    const second = harness.start()
    await waitFor(() => second.said('partitions assigned'), { what: 'the partitions' })
    await second.stop()
    expect(await live()).toEqual([expect.stringMatching(/-1$/)])
    expect((await harness.documents()).size).toBe(2)
    // not for too long
    await harness.ageOffsets(5)
    await harness.write([harness.document('b', image(2, 'b'))])
    const third = harness.start()
    await waitFor(async () => (await harness.documents()).size === 3, { what: 'another document' })
    await third.stop()
    expect(await live()).toEqual([expect.stringMatching(/-1$/)])
    // for too long, but what was written next is there and young
    await harness.ageOffsets(8)
    await harness.write([harness.document('b', image(2, 'b again'))])
    const fourth = harness.start()
    await waitFor(async () => (await harness.documents()).get('b')?.source?.includes('again'), { what: 'it' })
    await fourth.stop()
    expect(await live()).toEqual([expect.stringMatching(/-1$/)])
    // for too long, and something is gone
    await harness.ageOffsets(8, true)
    await harness.write([harness.document('c', image(3, 'c'))])
    const fifth = harness.start()
    await waitFor(async () => (await live())[0]?.endsWith('-2'), { what: 'the alias to move' })
    expect([...(await harness.documents()).keys()].sort()).toEqual(['a', 'b', 'c'])
    await fifth.stop()
  })

  it('catches up when Elasticsearch was away', async () => {
    const open = new Set<Socket>()
    const target = new URL(backends().elasticsearchUrl)
    let away = false
    const proxy = createServer(socket => {
      if (away) return void socket.destroy()
      const upstream = connect(Number(target.port), target.hostname)
      for (const one of [socket, upstream])
        one.on('error', () => undefined).on('close', () => open.delete(one))
      open.add(socket).add(upstream)
      socket.pipe(upstream).pipe(socket)
    })
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
    const { port } = proxy.address() as AddressInfo
    await harness.makeTopic()
    const running = harness.start(`http://127.0.0.1:${port}`)
    await harness.write([harness.document('a', image(1, 'a'))])
    await waitFor(async () => (await harness.documents()).size === 1, {
      what: 'the first document',
    })
    // the port stays ours
    away = true
    for (const socket of open) socket.destroy()
    await harness.write(Array.from({ length: 500 }, (_, n) => harness.document(`k${n}`, image(n, `n${n}`))))
    await waitFor(async () => (await running.metrics.expose()).match(/bulk_retries_total (?:[3-9]|\d\d)/), {
      what: 'three attempts',
    })
    away = false
    await waitFor(async () => (await harness.documents()).size === 501, {
      what: 'all documents',
    })
    await running.stop()
    await new Promise(resolve => proxy.close(resolve))
  })

  it('waits for an index that is closed, and blames no document for it', async () => {
    await harness.makeTopic()
    await harness.write([harness.document('a', image(1, 'a')), harness.document('b', image(2, 'b'))])
    const first = harness.start()
    await waitFor(async () => (await harness.documents()).size === 2, { what: 'both documents' })
    const [name] = (await harness.indices.behind(harness.view)).keys()
    const { elasticsearch } = harness
    await elasticsearch.send({ method: 'POST', path: `/${name!}/_close` })
    await harness.write([harness.document('a', image(3, 'newer')), harness.tombstone('b')])
    await waitFor(() => !first.health.isReady.ok, { what: 'the indexer to be red' })
    await first.stop()
    // one that begins meanwhile finds its index, and waits as well
    const second = harness.start()
    await waitFor(async () => (await second.metrics.expose()).match(/bulk_retries_total [1-9]/), {
      what: 'a refused bulk',
    })
    await elasticsearch.send({ method: 'POST', path: `/${name!}/_open` })
    await waitFor(
      async () => {
        const documents = await harness.documents()
        return documents.size === 1 && documents.get('a')?.source?.includes('"newer"')
      },
      { what: 'the documents of that time' },
    )
    expect(await harness.deadLetters()).toEqual(new Map())
    await second.stop()
  })

  it('ends when not even a stub is taken: nothing is committed, no document is dead', async () => {
    await harness.makeTopic()
    const first = harness.start()
    const index = await waitFor(async () => [...(await harness.indices.behind(harness.view)).keys()][0], {
      what: 'the index',
    })
    const pipeline = (name: string): Promise<unknown> =>
      harness.elasticsearch.send({
        method: 'PUT',
        path: `/${index}/_settings`,
        body: JSON.stringify({ 'index.final_pipeline': name }),
      })
    await pipeline('there-is-no-such')
    await harness.write([harness.document('a', image(1, 'a'))])
    await expect(first.done).rejects.toMatchObject({ code: 'elasticsearch.refused' })
    await pipeline('_none')
    const second = harness.start()
    await waitFor(async () => (await harness.documents()).get('a')?.source?.includes('"name":"a"'), {
      what: 'the document',
    })
    expect(await harness.deadLetters()).toEqual(new Map())
    await second.stop()
  })

  it('killed in mid-load, twice, ends with exactly the documents of the topic', async () => {
    await harness.makeTopic()
    const keys = Array.from({ length: 3_000 }, (_, n) => `k${n}`)
    const expected = new Map<string, string>()
    const records = Array.from({ length: 12_000 }, (_, n) => {
      const key = keys[(n * 7) % keys.length]!
      if (n % 11 === 3) {
        expected.delete(key)
        return harness.tombstone(key)
      }
      expected.set(key, `v${n}`)
      return harness.document(key, image(n, `v${n}`))
    })
    const half = records.length / 2
    await harness.write(records.slice(0, half))
    for (const more of [records.slice(half), []]) {
      const child = harness.spawn()
      await waitFor(async () => (await harness.indices.count(harness.view)) > 100, {
        what: 'part of the documents',
        everyMs: 5,
      })
      child.kill('SIGKILL')
      expect(await ended(child)).toBe('SIGKILL')
      if (more.length > 0) await harness.write(more)
    }
    const last = harness.spawn()
    await waitFor(
      async () => {
        const all = await harness.documents()
        const isLast = ([key, name]: readonly [string, string]): boolean =>
          all.get(key)?.source?.includes(`"name":"${name}"`) === true
        return all.size === expected.size && [...expected].every(isLast)
      },
      { what: 'exactly the documents in their last versions', timeoutMs: 120_000, everyMs: 500 },
    )
    last.kill('SIGTERM')
    expect(await ended(last)).toBe(0)
  })
})
