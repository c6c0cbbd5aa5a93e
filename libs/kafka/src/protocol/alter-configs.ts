import { createErrorFromCode } from '../connect/kafkajs.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import type { Answer, Call } from './request.ts'

const TOPIC = 2
const SET = 0

/** IncrementalAlterConfigs v0: only what is named changes (kafkajs has just the request that replaces everything). */
export const incrementalAlterTopic = (
  topic: string,
  config: Readonly<Record<string, string>>,
): Call<void> => {
  const body = new ByteWriter()
  body.array([topic], name => {
    body.int8(TOPIC).string(name)
    body.array(Object.entries(config), ([key, value]) => body.string(key).int8(SET).string(value))
  })
  body.boolean(false)
  return { apiKey: 44, apiVersion: 0, apiName: 'IncrementalAlterConfigs', body, read: readAnswer }
}

const readAnswer = (payload: Buffer): Answer<void> => {
  const reader = new ByteReader(payload)
  const throttleMs = reader.int32()
  const codes = reader.array(() => {
    const code = reader.int16()
    reader.nullableString()
    reader.int8()
    reader.string()
    return code
  })
  const failed = codes.find(code => code !== 0)
  if (failed !== undefined) throw createErrorFromCode(failed)
  return { throttleMs, value: undefined }
}
