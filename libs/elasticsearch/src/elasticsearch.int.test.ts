import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { HeadraceError } from '@headrace/errors'
import { backends, uniqueName, waitFor } from '@headrace/testkit'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type BulkItem, BulkWriter } from './bulk-writer.ts'
import { Elasticsearch } from './connection.ts'
import { DocumentReader } from './document-reader.ts'
import { type IndexIdentity, type IndexOptions, type ViewIndex, ViewIndices } from './view-index.ts'

const view = uniqueName('bulk')
const identity: IndexIdentity = {
  pipeline: 'p',
  view,
  plan: 'abc',
  documentTopic: `p.documents.${view}.abc`,
  incarnations: { 0: 'one', 1: 'two' },
}
const options: IndexOptions = {
  mappings: {
    dynamic: 'strict',
    _source: { excludes: ['_x'] },
    properties: {
      n: { type: 'long' },
      price: { type: 'keyword' },
      _x: { properties: { key: { type: 'keyword' }, verbatim: { type: 'text', index: false, store: true } } },
    },
  },
  settings: {},
  shards: 1,
  replicas: '0-1',
  refreshInterval: '1s',
  gcDeletes: '1d',
}
const fields = { verbatim: '_x.verbatim', key: '_x.key' }
const never = new AbortController().signal
const doc = (id: string, version: number, n: number | string = version): BulkItem => ({
  kind: 'index',
  id,
  version: BigInt(version),
  body: `{"n":${JSON.stringify(n)},"_x":{"key":${JSON.stringify(id)}}}`,
})
const gone = (id: string, version: number): BulkItem => ({ kind: 'delete', id, version: BigInt(version) })

let elasticsearch: Elasticsearch
let indices: ViewIndices
let index: ViewIndex
let bulk: BulkWriter
let reader: DocumentReader

beforeAll(async () => {
  elasticsearch = new Elasticsearch({ url: backends().elasticsearchUrl })
  indices = new ViewIndices(elasticsearch)
  index = await indices.open(identity, options)
  bulk = new BulkWriter({ elasticsearch })
  reader = new DocumentReader(elasticsearch, fields)
})

afterAll(async () => {
  for (const name of (await indices.behind(view)).keys()) await indices.remove(name)
  await indices.remove(index.name)
  await elasticsearch.close()
})

const kinds = async (items: readonly BulkItem[]): Promise<readonly string[]> =>
  (await bulk.write(index.writeAlias, items, never)).map(outcome => outcome.kind)

describe('bulk writer', () => {
  it('knows written, stale, deleted, absent and rejected apart in one request', async () => {
    expect(
      await kinds([doc('a', 5), doc('b', 5), doc('c', 5, 'no number'), gone('b', 6), gone('never', 7)]),
    ).toEqual(['written', 'written', 'rejected', 'deleted', 'absent'])
    expect(await kinds([doc('a', 5), doc('a', 4), doc('a', 6), gone('a', 6)])).toEqual([
      'stale',
      'stale',
      'written',
      'stale',
    ])
    expect(await reader.get(index.name, 'a')).toMatchObject({ version: 6n, source: '{"n":6}' })
  })

  it('tells the reason of a rejection without the value', async () => {
    const [outcome] = await bulk.write(index.writeAlias, [doc('r', 1, 'secret-value')], never)
    expect(outcome).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('failed to parse field [n] of type [long]'),
    })
    expect(JSON.stringify(outcome)).not.toContain('secret-value')
  })

  it('does not bring back what was deleted, also when the key never was', async () => {
    expect(await kinds([doc('z', 10), gone('z', 20), gone('y', 20)])).toEqual([
      'written',
      'deleted',
      'absent',
    ])
    expect(await kinds([doc('z', 15), doc('y', 15)])).toEqual(['stale', 'stale'])
    expect(await reader.get(index.name, 'z')).toBeUndefined()
  })

  it('never makes an index that is gone', async () => {
    const missing = `${uniqueName('gone')}-write`
    await expect(bulk.write(missing, [doc('a', 1)], never)).rejects.toMatchObject({
      code: 'elasticsearch.index_missing',
    })
  })

  it('repeats what a closed index refused, until it is open again', async () => {
    await elasticsearch.send({ method: 'POST', path: `/${index.name}/_close` })
    let reopened: Promise<unknown> | undefined
    const reasons: string[] = []
    const waiting = new BulkWriter({
      elasticsearch,
      onRetry: ({ reason }) => {
        reasons.push(reason)
        reopened ??= elasticsearch.send({ method: 'POST', path: `/${index.name}/_open` })
      },
    })
    const items = [doc('closed', 1), gone('closed-too', 1)]
    const outcomes = await waiting.write(index.writeAlias, items, never)
    expect(outcomes.map(({ kind }) => kind)).toEqual(['written', 'absent'])
    expect(reasons[0]).toBe('index_closed_exception: closed')
    await reopened
  })

  it('takes versions beyond 2^53 and keys with anything in them', async () => {
    const key = 'ä"/\\ %\n#?'
    expect(await kinds([{ ...doc(key, 1), version: 2n ** 60n + 1n }])).toEqual(['written'])
    expect(await kinds([{ ...doc(key, 1), version: 2n ** 60n }])).toEqual(['stale'])
    expect(await reader.get(index.name, key)).toMatchObject({ key, version: 2n ** 60n + 1n })
  })
})

describe('gc_deletes', () => {
  it('is what protects a deleted document: without it an old write brings it back', async () => {
    const name = uniqueName('gc')
    const short = await indices.open(
      { ...identity, view: name, documentTopic: 'gc' },
      { ...options, gcDeletes: '1ms', settings: { 'index.refresh_interval': '100ms' } },
    )
    try {
      await bulk.write(short.writeAlias, [doc('z', 10), gone('z', 20)], never)
      const outcome = await waitFor(
        async () => {
          await bulk.write(short.writeAlias, [doc('other', Date.now())], never)
          await indices.refresh(short.name)
          const [stale] = await bulk.write(short.writeAlias, [doc('z', 15)], never)
          return stale?.kind === 'written'
        },
        { what: 'the old write to be taken once the delete is forgotten' },
      )
      expect(outcome).toBe(true)
      const { body } = await elasticsearch.json<
        Record<string, { settings: { index: { gc_deletes: string } } }>
      >({ method: 'GET', path: `/${index.name}/_settings` })
      expect(body[index.name]?.settings.index.gc_deletes).toBe('1d')
    } finally {
      await indices.remove(short.name)
    }
  })
})

describe('documents', () => {
  it('lose digits in a filtered _source, which is why their text is stored beside it', async () => {
    const text = '{"price":12345678901234567890.1234567890}'
    const items: BulkItem[] = ['plain', 'kept'].map(id => ({
      kind: 'index',
      id,
      version: 1n,
      body: `${text.slice(0, -1)},"_x":{"key":"${id}"${id === 'kept' ? `,"verbatim":${JSON.stringify(text)}` : ''}}}`,
    }))
    expect(await kinds(items)).toEqual(['written', 'written'])
    expect((await reader.get(index.name, 'plain'))?.source).not.toBe(text)
    expect((await reader.get(index.name, 'kept'))?.source).toBe(text)
  })

  it('are scanned in the order of their keys', async () => {
    await indices.refresh(index.name)
    const keys: string[] = []
    for await (const hit of reader.scan(index.name, 2)) keys.push(hit.key)
    expect(keys).toEqual([...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
    expect(keys).toEqual(expect.arrayContaining(['a', 'kept', 'plain']))
  })
})

describe('index of a view', () => {
  it('is found again, another incarnation gets another index, the alias moves in one step', async () => {
    expect(index).toMatchObject({ name: `${view}-abc-1`, live: true, created: true })
    expect(await indices.open(identity, options)).toMatchObject({
      name: index.name,
      uuid: index.uuid,
      created: false,
      live: true,
    })
    const remade = { ...identity, incarnations: { 0: 'three', 1: 'four' } }
    const second = await indices.open(remade, options)
    expect(second).toMatchObject({ name: `${view}-abc-2`, live: false, created: true })
    expect([...(await indices.behind(view)).keys()]).toEqual([index.name])
    await indices.goLive(view, second, options)
    expect([...(await indices.behind(view)).keys()]).toEqual([second.name])
    expect(second.createdAtMs).toBeGreaterThanOrEqual(index.createdAtMs)
    expect((await indices.behind(view)).get(second.name)).toMatchObject({
      plan: 'abc',
      createdAtMs: second.createdAtMs,
      uuid: second.uuid,
    })
    const again = await indices.open(remade, options)
    expect(again.live).toBe(true)
    await indices.goLive(view, index, options)
    await indices.remove(second.name)
  })

  it('is found while it is closed', async () => {
    await elasticsearch.send({ method: 'POST', path: `/${index.name}/_close` })
    try {
      expect(await indices.open(identity, options)).toMatchObject({ uuid: index.uuid, created: false })
      await expect(indices.count(view)).rejects.toMatchObject({ code: 'elasticsearch.unreachable' })
    } finally {
      await elasticsearch.send({ method: 'POST', path: `/${index.name}/_open` })
    }
  })

  it('is made once when several processes begin together', async () => {
    const name = uniqueName('race')
    const opened = await Promise.all(
      [1, 2, 3, 4].map(() => indices.open({ ...identity, view: name }, options)),
    )
    try {
      expect(new Set(opened.map(({ uuid }) => uuid)).size).toBe(1)
    } finally {
      await indices.remove(opened[0]!.name)
    }
  })

  it('does not take the alias of another pipeline', async () => {
    await expect(
      indices.open({ ...identity, pipeline: 'other', documentTopic: 'other' }, options),
    ).rejects.toMatchObject({ code: 'elasticsearch.alias_taken' })
  })
})

describe('failures', () => {
  const serve = async (
    handler: (count: number, text: string) => { status: number; body: string },
  ): Promise<{ server: Server; url: string }> => {
    let count = 0
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const { status, body } = handler(count++, Buffer.concat(chunks).toString())
        response
          .writeHead(status, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' })
          .end(body)
      })
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
  }

  it('repeat only the items that met a busy server, and whole requests that failed', async () => {
    const answers = [
      { status: 503, body: '{"error":{"type":"unavailable"}}' },
      {
        status: 200,
        body: '{"items":[{"index":{"status":201}},{"index":{"status":429,"error":{"type":"es_rejected_execution_exception"}}}]}',
      },
      { status: 200, body: '{"items":[{"index":{"status":201}}]}' },
    ]
    const { server, url } = await serve(count => answers[count] ?? { status: 500, body: '{}' })
    const stub = new Elasticsearch({ url })
    const retries: number[] = []
    const writer = new BulkWriter({
      elasticsearch: stub,
      random: () => 0,
      onRetry: ({ repeated }) => retries.push(repeated),
    })
    const outcomes = await writer.write('x', [doc('a', 1), doc('b', 1)], never)
    expect(outcomes.map(({ kind }) => kind)).toEqual(['written', 'written'])
    expect(retries).toEqual([2, 1])
    await stub.close()
    server.close()
  })

  it('give up one document that is more than a server takes, and no other', async () => {
    const sizes: number[] = []
    const { server, url } = await serve((_, body) => {
      sizes.push(body.length)
      if (body.length > 1000) return { status: 413, body: '' }
      const items = body.trim().split('\n').length / 2
      return {
        status: 200,
        body: JSON.stringify({ items: Array.from({ length: items }, () => ({ index: { status: 201 } })) }),
      }
    })
    const stub = new Elasticsearch({ url })
    // the smallest bulk is 128 KiB: the large one has to go alone first
    const large = { ...doc('b', 1), body: `{"n":1,"_x":"${'x'.repeat(200_000)}"}` }
    const writer = new BulkWriter({ elasticsearch: stub, random: () => 0 })
    const outcomes = await writer.write('x', [doc('a', 1), large, doc('c', 1)], never)
    expect(outcomes).toEqual([
      { kind: 'written' },
      { kind: 'rejected', reason: expect.stringMatching(/^request_too_large: /) },
      { kind: 'written' },
    ])
    expect(Math.max(...sizes)).toBeGreaterThan(1000)
    await stub.close()
    server.close()
  })

  it('wait for a server that is away, until told to stop', async () => {
    const stub = new Elasticsearch({ url: 'http://127.0.0.1:9' })
    const stop = new AbortController()
    const writer = new BulkWriter({
      elasticsearch: stub,
      onRetry: ({ attempt }) => attempt >= 2 && stop.abort(new HeadraceError('internal.bug', 'stop')),
    })
    await expect(writer.write('x', [doc('a', 1)], stop.signal)).rejects.toThrow()
    await stub.close()
  })

  it.each([
    [
      401,
      '{"error":{"type":"security_exception","reason":"missing credentials"}}',
      'elasticsearch.unauthorised',
    ],
    [503, '{}', 'elasticsearch.unreachable'],
    [
      404,
      '{"error":{"type":"index_not_found_exception","reason":"no such index"}}',
      'elasticsearch.index_missing',
    ],
    [400, '{"error":{"type":"illegal_argument_exception","reason":"no"}}', 'elasticsearch.refused'],
  ])('%d %s is %s', async (status, body, code) => {
    const { server, url } = await serve(() => ({ status, body }))
    const stub = new Elasticsearch({ url })
    await expect(stub.send({ method: 'GET', path: '/x' })).rejects.toMatchObject({ code })
    await stub.close()
    server.close()
  })

  it('refuse what is no Elasticsearch and what is too old', async () => {
    const { server, url } = await serve(() => ({ status: 200, body: '{"nodes":{"a":{"version":"7.17.1"}}}' }))
    const stub = new Elasticsearch({ url })
    await expect(stub.checkVersion()).rejects.toMatchObject({ code: 'elasticsearch.unfit' })
    await stub.close()
    server.close()
    expect(await elasticsearch.checkVersion()).toMatch(/^[89]\./)
  })
})
