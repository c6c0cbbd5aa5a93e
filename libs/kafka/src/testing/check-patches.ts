import { createErrorFromCode, patchedRequestQueue } from '../connect/kafkajs.ts'
import { codecOf, compress, decompress } from '../protocol/codecs.ts'

/** Whether the patches are active in this process. */
export const checkPatches = (): { timer: boolean; errorCodes: boolean; lz4: boolean } => {
  // without the patch this throws: there is no connection behind it
  const idle = { pending: [] }
  let timer = true
  try {
    patchedRequestQueue().prototype.scheduleCheckPendingRequests.call(idle)
    timer = Object.keys(idle).length === 1
  } catch {
    timer = false
  }
  const text = Buffer.from('headrace '.repeat(100))
  const packed = compress(codecOf('lz4'), text)
  return {
    timer,
    errorCodes: createErrorFromCode(90).type === 'PRODUCER_FENCED',
    lz4: packed.length < text.length && decompress(codecOf('lz4'), packed).equals(text),
  }
}
