import { HeadraceError } from '@headrace/errors'
import type { KafkajsBroker, ProtocolRequest } from '../connect/kafkajs.ts'
import type { ByteWriter } from './bytes.ts'

export interface Answer<T> {
  /** The broker wants to hear nothing for this long (quota), ms. */
  readonly throttleMs: number
  readonly value: T
}

/** One request of ours: body and answer, at one version. */
export interface Call<T> {
  readonly apiKey: number
  readonly apiVersion: number
  readonly apiName: string
  readonly body: ByteWriter
  /** Throws the answer's error. */
  readonly read: (payload: Buffer) => Answer<T>
  /** In ms, when it may take longer than the connection's. */
  readonly timeoutMs?: number
}

interface Decoded<T> {
  readonly clientSideThrottleTime: number
  readonly value: T
}

const asProtocolRequest = <T>(call: Call<T>): ProtocolRequest<Decoded<T>> => {
  const { apiKey, apiVersion, apiName, timeoutMs } = call
  const buffer = call.body.take()
  return {
    request: { apiKey, apiVersion, apiName, encode: () => Promise.resolve({ buf: buffer, buffer }) },
    response: {
      decode: async payload => asDecoded(call.read(payload)),
      parse: data => Promise.resolve(data),
    },
    logResponseError: false,
    ...(timeoutMs === undefined ? {} : { requestTimeout: timeoutMs }),
  }
}

const asDecoded = <T>({ throttleMs, value }: Answer<T>): Decoded<T> => ({
  clientSideThrottleTime: throttleMs,
  value,
})

/** Sends over the broker's sockets, as kafkajs's own requests go. Refuses brokers that do not know the version (06 E6). */
export const sendTo = async <T>(broker: KafkajsBroker, call: Call<T>): Promise<T> => {
  const known = broker.versions[call.apiKey]
  if (known === undefined || known.maxVersion < call.apiVersion || known.minVersion > call.apiVersion) {
    throw new HeadraceError(
      'kafka.broker_too_old',
      `the broker does not know ${call.apiName} version ${call.apiVersion} (it has ${known?.minVersion ?? '-'} to ${known?.maxVersion ?? '-'})`,
      { hint: 'Kafka 3.9 or newer is needed.' },
    )
  }
  try {
    return (await broker.connectionPool.send(asProtocolRequest(call))).value
  } catch (error) {
    // as kafkajs does: a half-closed broker would be taken for connected
    if (error instanceof Error && error.name === 'KafkaJSConnectionClosedError') await broker.disconnect()
    throw error
  }
}
