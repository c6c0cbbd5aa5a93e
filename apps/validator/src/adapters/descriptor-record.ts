import type { OutgoingRecord } from '@headrace/kafka'
import { descriptorProto, type MessageSchema, schemaId } from '@headrace/wire'

/** Descriptor set for `<p>.contracts`, key = schema id in decimal digits. Content-derived: writing it twice is harmless (04 K8a). */
export const descriptorRecord = (topic: string, schema: MessageSchema): OutgoingRecord => ({
  topic,
  partition: 0,
  key: Buffer.from(String(schemaId(schema))),
  value: descriptorProto(schema),
})
