import { describe, expect, it } from '@jest/globals'
import { frame, MARKER_SCHEMA_ID, unframe } from './framing.ts'
import { MarkerKind } from './generated/headrace/v1/origin.pb.ts'
import { isMarkerKey, markerKey } from './markers.ts'
import { murmur2, partitionOf } from './partitioner.ts'
import { comparePositions, decodePosition, encodePosition, formatLsn, parseLsn } from './position.ts'
import { canonicalKeyText, hopKey, parseHopKey, recordKey } from './record-key.ts'
import { topicNames } from './topics.ts'

// The vectors of docs/specs/wire.md. They are permanent: records that carry them lie in topics.

describe('W1 record keys', () => {
  it.each<[readonly string[], string]>([
    [['42'], '42'],
    [['1', 'b'], '["1","b"]'],
    [['a"b'], 'a"b'],
    [['a"b', 'é'], '["a\\"b","é"]'],
    [[''], '\u0001sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    [['x'.repeat(512)], 'x'.repeat(512)],
    [['x'.repeat(513)], '\u0001sha256:35ade0090e64e74d6ad04204009c23a4e34b82bdf0f4f317fbcc5f26f9b10241'],
    [['é'.repeat(257)], '\u0001sha256:db33c4ce9e8a72562c8f24aa67b7abbabdb848426e8ddfff4ee08f6ae04d1b17'],
  ])('of %j', (texts, key) => {
    expect(recordKey(texts)).toBe(key)
  })

  it.each([
    ['1.0', '1'],
    ['1.00', '1'],
    ['100', '100'],
    ['100.50', '100.5'],
    ['0.10', '0.1'],
    ['-0', '0'],
    ['-0.0', '0'],
  ])('numeric %s is %s', (text, canonical) => {
    expect(canonicalKeyText('numeric', text)).toBe(canonical)
  })
})

describe('W2 hop keys', () => {
  it.each([
    ['1', '7', '["1","7"]'],
    ['["1","b"]', 'é', '["[\\"1\\",\\"b\\"]","é"]'],
  ])('of %s and %s', (parentKey, childKey, key) => {
    expect(hopKey(parentKey, childKey)).toBe(key)
    expect(parseHopKey(key)).toEqual({ parentKey, childKey })
  })
})

describe('W3 partitions', () => {
  // the first six are the vectors of Apache Kafka's own UtilsTest
  it.each<[string, number, number, number]>([
    ['21', -973932308, 0, 0],
    ['foobar', -790332482, 2, 6],
    ['a-little-bit-long-string', -985981536, 0, 8],
    ['a-little-bit-longer-string', -1486304829, 3, 11],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971, 1, 5],
    ['abc', 479470107, 3, 3],
    ['', 275646681, 1, 9],
    ['42', 417700972, 0, 4],
    ['["1","b"]', 1428069581, 1, 5],
  ])('of %j', (key, hash, ofFour, ofTwelve) => {
    expect(murmur2(Buffer.from(key))).toBe(hash)
    expect([partitionOf(key, 4), partitionOf(Buffer.from(key), 12)]).toEqual([ofFour, ofTwelve])
  })
})

describe('W4 positions', () => {
  const position = { epoch: 1, commitLsn: 0x16b374d848n, ordinal: 3 }

  it('as bytes and back', () => {
    expect(encodePosition(position).toString('hex')).toBe('0000000100000016b374d84800000003')
    expect(decodePosition(encodePosition(position))).toEqual(position)
  })

  it('are ordered as their bytes are: epoch, commit LSN, ordinal', () => {
    const ascending = [
      { epoch: 1, commitLsn: 1n, ordinal: 9 },
      { epoch: 1, commitLsn: 2n, ordinal: 0 },
      { epoch: 1, commitLsn: 2n, ordinal: 1 },
      { epoch: 1, commitLsn: 0xffffffffffffffffn, ordinal: 0 },
      { epoch: 2, commitLsn: 0n, ordinal: 0 },
    ]
    for (let i = 1; i < ascending.length; i++) {
      const [a, b] = [ascending[i - 1]!, ascending[i]!]
      expect(comparePositions(a, b)).toBeLessThan(0)
      expect(comparePositions(b, a)).toBeGreaterThan(0)
      expect(Buffer.compare(encodePosition(a), encodePosition(b))).toBe(-1)
    }
    expect(comparePositions(position, { ...position })).toBe(0)
  })

  it('print LSNs as Postgres does', () => {
    expect(formatLsn(0x16b374d848n)).toBe('16/B374D848')
    expect(parseLsn('16/B374D848')).toBe(0x16b374d848n)
  })
})

describe('W5 framing', () => {
  const payload = Buffer.from('0801', 'hex')

  it('is 0x00, id, 0x00, payload', () => {
    expect(frame(1, payload).toString('hex')).toBe('0000000001000801')
    expect(frame(MARKER_SCHEMA_ID, payload).toString('hex')).toBe('00fffffffe000801')
    expect(unframe(frame(MARKER_SCHEMA_ID, payload))).toEqual({ schemaId: MARKER_SCHEMA_ID, payload })
  })

  it('takes the long form of the first message, and no other', () => {
    expect(unframe(Buffer.from('000000000102000801', 'hex'))).toEqual({ schemaId: 1, payload })
    expect(() => unframe(Buffer.from('000000000102020801', 'hex'))).toThrow('another message')
    expect(() => unframe(Buffer.from('010000000100', 'hex'))).toThrow('framing')
    expect(() => unframe(Buffer.from('00000000', 'hex'))).toThrow('framing')
  })
})

describe('W6 marker keys', () => {
  it.each<[MarkerKind, string, string]>([
    [MarkerKind.TRUNCATE, '', '0074'],
    [MarkerKind.SWEEP, '', '0073'],
    [MarkerKind.PROGRESS, 'a.b', '0070612e62'],
    [MarkerKind.INCARNATION, '', '0069'],
  ])('of kind %i and writer %j', (kind, writer, hex) => {
    expect(markerKey({ kind, writer }).toString('hex')).toBe(hex)
    expect(isMarkerKey(markerKey({ kind, writer }))).toBe(true)
  })

  it('are told from record keys', () => {
    expect(isMarkerKey(Buffer.from(recordKey(['42'])))).toBe(false)
    expect(isMarkerKey(Buffer.from(recordKey([''])))).toBe(false)
    expect(isMarkerKey(null)).toBe(false)
  })
})

describe('W7 topic names', () => {
  it('have one form', () => {
    const topics = topicNames('p')
    expect(topics.raw('d')).toBe('p.raw.d')
    expect(topics.validated('d')).toBe('p.validated.d')
    expect(topics.dead('d')).toBe('p.dead.d')
    expect(topics.evaluation('d', 'v')).toBe('p.eval.d.v')
    expect(topics.hop('v', '0123456789', 'e')).toBe('p.hop.v.0123456789.e')
    expect(topics.index('v', '0123456789', 'e')).toBe('p.index.v.0123456789.e')
    expect(topics.documents('v', '0123456789')).toBe('p.documents.v.0123456789')
    expect([topics.relations, topics.positions, topics.contracts, topics.control]).toEqual([
      'p.relations',
      'p.positions',
      'p.contracts',
      'p.control',
    ])
  })
})
