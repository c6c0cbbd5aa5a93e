import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  type FieldDescriptorProto,
  FieldDescriptorProtoSchema,
  file_google_protobuf_timestamp,
  FileDescriptorProtoSchema,
  type FileDescriptorSet,
  FileDescriptorSetSchema,
  OneofDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt'
import { fileDescriptorsBase64 } from '../generated/file-descriptors.ts'
import {
  type FieldType,
  type MessageField,
  type MessageSchema,
  ORIGIN_FIELD,
  type WrittenMessage,
} from './message-schema.ts'
import { ORIGIN_MESSAGE } from './schema-id.ts'

const ORIGIN_FILE = 'headrace/v1/origin.proto'
const TIMESTAMP_FILE = 'google/protobuf/timestamp.proto'

const TYPES: Readonly<Record<FieldType, Type>> = {
  bool: Type.BOOL,
  int32: Type.INT32,
  int64: Type.INT64,
  float: Type.FLOAT,
  double: Type.DOUBLE,
  string: Type.STRING,
  bytes: Type.BYTES,
  'google.protobuf.Timestamp': Type.MESSAGE,
}

const originField = (): FieldDescriptorProto =>
  create(FieldDescriptorProtoSchema, {
    name: ORIGIN_FIELD,
    number: 1,
    label: Label.OPTIONAL,
    type: Type.MESSAGE,
    typeName: `.${ORIGIN_MESSAGE}`,
  })

/** protobuf writes `optional` of proto3 as a oneof of one field; those of messages need none. */
const needsOneof = ({ optional, type }: MessageField): boolean => optional && TYPES[type] !== Type.MESSAGE

const messageDescriptor = (schema: MessageSchema): DescriptorProto => {
  const fields = [...schema.fields].sort((a, b) => a.number - b.number)
  const oneofs = fields.filter(needsOneof)
  return create(DescriptorProtoSchema, {
    name: schema.message,
    field: [
      originField(),
      ...fields.map(field =>
        create(FieldDescriptorProtoSchema, {
          name: field.name,
          number: field.number,
          label: field.repeated ? Label.REPEATED : Label.OPTIONAL,
          type: TYPES[field.type],
          ...(TYPES[field.type] === Type.MESSAGE ? { typeName: `.${field.type}` } : {}),
          ...(needsOneof(field) ? { proto3Optional: true, oneofIndex: oneofs.indexOf(field) } : {}),
        }),
      ),
    ],
    oneofDecl: oneofs.map(({ name }) => create(OneofDescriptorProtoSchema, { name: `_${name}` })),
  })
}

const originFiles = (): FileDescriptorSet =>
  fromBinary(FileDescriptorSetSchema, Buffer.from(fileDescriptorsBase64, 'base64'))

/** Bytes of the google.protobuf.FileDescriptorSet of a typed message with all it imports: what stands in `<p>.contracts`. */
export const descriptorProto = (schema: MessageSchema): Buffer => {
  const origin = originFiles().file.find(({ name }) => name === ORIGIN_FILE)
  const usesTime = schema.fields.some(({ type }) => type === 'google.protobuf.Timestamp')
  const file = create(FileDescriptorProtoSchema, {
    name: `${schema.package.replaceAll('.', '/')}/${schema.message}.proto`,
    package: schema.package,
    syntax: 'proto3',
    dependency: [ORIGIN_FILE, ...(usesTime ? [TIMESTAMP_FILE] : [])],
    messageType: [messageDescriptor(schema)],
  })
  const imports = [
    ...(origin === undefined ? [] : [origin]),
    ...(usesTime ? [file_google_protobuf_timestamp.proto] : []),
  ]
  return Buffer.from(
    toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: [...imports, file] })),
  )
}

const fieldType = ({ type, typeName }: FieldDescriptorProto): FieldType | undefined =>
  (Object.keys(TYPES) as FieldType[]).find(
    name => TYPES[name] === type && (type !== Type.MESSAGE || typeName === `.${name}`),
  )

/** The typed message of a descriptor set that `descriptorProto` made; undefined when the bytes are none. */
export const readDescriptor = (bytes: Uint8Array): WrittenMessage | undefined => {
  const file = descriptorFiles(bytes)?.at(-1)
  const [message] = file?.messageType ?? []
  if (file === undefined || message === undefined) return undefined
  return {
    package: file.package,
    message: message.name,
    fields: message.field
      .filter(({ name }) => name !== ORIGIN_FIELD)
      .map(field => ({
        number: field.number,
        name: field.name,
        type: fieldType(field),
        repeated: field.label === Label.REPEATED,
      })),
  }
}

const descriptorFiles = (bytes: Uint8Array): FileDescriptorSet['file'] | undefined => {
  try {
    return fromBinary(FileDescriptorSetSchema, bytes).file
  } catch {
    return undefined
  }
}
