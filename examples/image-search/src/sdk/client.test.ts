import { describe, expect, it } from '@jest/globals'
import { ApiError, createClient } from './index.ts'

/** A server of one answer that remembers what it was asked. */
const answering = (status: number, ...texts: string[]) => {
  const asked: { url: string; body: unknown }[] = []
  const answer = (url: unknown, init?: RequestInit): Promise<Response> => {
    asked.push({
      url: String(url),
      body: init?.body === undefined ? undefined : JSON.parse(init.body as string),
    })
    return Promise.resolve(new Response(texts[Math.min(asked.length, texts.length) - 1] ?? '', { status }))
  }
  return { asked, fetch: answer as typeof fetch }
}

const addresses = { url: 'http://api/', searchUrl: 'http://search' }

describe('client', () => {
  it('searches the view', async () => {
    const { asked, fetch } = answering(
      200,
      '{"total":1,"hits":[{"key":"7","document":{"id":7}}],"cursor":null}',
    )
    const found = await createClient({ ...addresses, fetch }).search('width >= 300', { size: 5 })
    expect(found).toEqual({ total: 1, hits: [{ key: '7', document: { id: 7 } }] })
    expect(asked).toEqual([
      {
        url: 'http://search/v1/views/image_enriched/search',
        body: { query: 'width >= 300', total: true, size: 5 },
      },
    ])
  })

  it('goes through all pages', async () => {
    const page = (key: string, cursor: string | null): string =>
      JSON.stringify({ total: 2, hits: [{ key, document: {} }], cursor })
    const { asked, fetch } = answering(200, page('1', 'next'), page('2', null))
    const keys: string[] = []
    for await (const { key } of createClient({ ...addresses, fetch }).searchAll('width > 0')) keys.push(key)
    expect(keys).toEqual(['1', '2'])
    expect(asked.map(({ body }) => (body as { cursor?: string }).cursor)).toEqual([undefined, 'next'])
  })

  it('needs the address of the search API', async () => {
    await expect(createClient({ url: 'http://api' }).search('x = 1')).rejects.toThrow(/no searchUrl/)
  })

  it('gives errors as they came', async () => {
    const { fetch } = answering(
      400,
      '{"error":{"code":"query.syntax","message":"expected a value","position":{"line":1,"column":9}}}',
    )
    const failing = createClient({ ...addresses, fetch }).search('width >=')
    await expect(failing).rejects.toMatchObject({
      status: 400,
      code: 'query.syntax',
      message: 'expected a value',
      details: [],
      position: { line: 1, column: 9 },
      nearest: [],
    })
  })

  it('survives answers that are no JSON, and none at all', async () => {
    const gateway = createClient({ ...addresses, fetch: answering(502, '<html>').fetch })
    await expect(gateway.createDataset('d')).rejects.toMatchObject({ status: 502, code: 'unexpected' })
    const dead = (() => Promise.reject(new TypeError('fetch failed'))) as typeof fetch
    const error: unknown = await createClient({ ...addresses, fetch: dead })
      .image(1)
      .catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ status: 0, code: 'unreachable' })
  })
})
