import { createFileRegistry, fromBinary, isMessage } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema, TimestampSchema } from '@bufbuild/protobuf/wkt'
import { reflect } from '@bufbuild/protobuf/reflect'
import { describe, expect, it } from '@jest/globals'
import type { ColumnKind } from '../column-type.ts'
import { Op, Origin } from '../generated/headrace/v1/origin.pb.ts'
import { descriptorProto, readDescriptor } from './descriptor-set.ts'
import { fieldTypeOf } from './field-type.ts'
import type { MessageField, MessageSchema } from './message-schema.ts'
import { compileRowEncoder } from './row-encoder.ts'
import { canonicalDescriptor, schemaId } from './schema-id.ts'

const field = (number: number, name: string, kind: ColumnKind, repeated = false): MessageField => ({
  number,
  name,
  type: fieldTypeOf(kind),
  repeated,
  optional: !repeated,
  column: { kind, dimensions: repeated ? 1 : 0 },
})

const schema = (...fields: MessageField[]): MessageSchema => ({
  package: 'headrace.dataset.v1',
  message: 'Image',
  fields,
})

describe('W9 schema ids', () => {
  it.each<[MessageSchema, number]>([
    [schema(), 1458349667],
    [schema(field(2, 'id', 'int64'), field(3, 'key', 'text')), 1187652992],
    [schema(field(3, 'key', 'text'), field(2, 'id', 'int64')), 1187652992],
    [
      schema(field(2, 'id', 'int64'), field(4, 'tags', 'text', true), field(5, 'created_at', 'timestamptz')),
      1175962064,
    ],
  ])('of %#', (message, id) => {
    expect(schemaId(message)).toBe(id)
  })

  it('are made of this text', () => {
    expect(canonicalDescriptor(schema(field(2, 'id', 'int64'), field(4, 'tags', 'text', true)))).toBe(
      'headrace-schema 1\nmessage headrace.dataset.v1.Image\n1 headrace_origin headrace.v1.Origin\n2 id int64 optional\n4 tags string repeated\n',
    )
  })

  it('follow every fact of the message', () => {
    const ids = [
      schema(field(2, 'id', 'int64')),
      schema(field(3, 'id', 'int64')),
      schema(field(2, 'no', 'int64')),
      schema(field(2, 'id', 'int32')),
      schema(field(2, 'id', 'int64', true)),
      { ...schema(field(2, 'id', 'int64')), message: 'Other' },
    ].map(schemaId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.every(id => id >= 0 && id < 2 ** 31)).toBe(true)
  })
})

describe('W10 typed rows', () => {
  const kinds: readonly ColumnKind[] = [
    'boolean',
    'int32',
    'int64',
    'float32',
    'float64',
    'text',
    'bytes',
    'timestamptz',
  ]
  const texts = [
    't',
    '-5',
    '-9007199254740993',
    '1.5',
    '0.1',
    'a\u{1F600}',
    '\\x00ff',
    '2024-01-01 00:00:00.25+00',
  ]
  const single = kinds.map((kind, i) => field(i + 2, `f_${kind}`, kind))
  const lists = kinds.map((kind, i) => field(i + 30, `r_${kind}`, kind, true))
  const message = schema(...single, ...lists)

  const encode = (): Buffer => {
    const encoder = compileRowEncoder(message)
    const origin: Origin = {
      ...Origin.decode(new Uint8Array()),
      source: 'main',
      commitLsn: 7n,
      op: Op.INSERT,
    }
    encoder.begin(Origin.encode(origin).finish())
    texts.forEach((text, i) => expect(encoder.write(i, Buffer.from(text))).toBeUndefined())
    texts.forEach((text, i) => {
      const element = `"${text.replaceAll('\\', '\\\\')}"`
      expect(encoder.write(i + texts.length, Buffer.from(`{${element},${element}}`))).toBeUndefined()
    })
    return encoder.finish()
  }

  it('are read by a protobuf library from the descriptor set, and written by it as the same bytes', async () => {
    const { toBinary } = await import('@bufbuild/protobuf')
    const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorProto(message)))
    const descriptor = registry.getMessage('headrace.dataset.v1.Image')!
    const bytes = encode()
    const decoded = fromBinary(descriptor, bytes)
    const view = reflect(descriptor, decoded)
    const value = (name: string): unknown => view.get(descriptor.fields.find(each => each.name === name)!)
    expect(value('f_boolean')).toBe(true)
    expect(value('f_int32')).toBe(-5)
    expect(value('f_int64')).toBe(-9007199254740993n)
    expect(value('f_float64')).toBe(0.1)
    expect(value('f_text')).toBe('a\u{1F600}')
    const time = (value('f_timestamptz') as { message: unknown }).message
    expect(isMessage(time, TimestampSchema) && [time.seconds, time.nanos]).toEqual([1704067200n, 250_000_000])
    expect(Buffer.from(toBinary(descriptor, decoded)).equals(bytes)).toBe(true)
  })

  it('are known again from the descriptor set that stands in Kafka', () => {
    const written = message.fields.map(({ number, name, type, repeated }) => ({
      number,
      name,
      type,
      repeated,
    }))
    expect(readDescriptor(descriptorProto(message))).toEqual({
      package: 'headrace.dataset.v1',
      message: 'Image',
      fields: written,
    })
    expect(readDescriptor(Buffer.from('something else'))).toBeUndefined()
    expect(readDescriptor(Buffer.alloc(0))).toBeUndefined()
  })
})
