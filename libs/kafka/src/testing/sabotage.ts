import { connect, type Socket } from 'node:net'
import type { SocketFactory } from '../connect/kafkajs.ts'

/** `error`: the answer says UNKNOWN (-1), although the request was carried out; of answers that end with their error. */
export type Mode = 'request' | 'answer' | 'error'

/** Sockets that count requests by their key and can lose one, before it leaves or its answer, or spoil the answer. */
export interface Sabotage {
  readonly socketFactory: SocketFactory
  readonly sent: ReadonlyMap<number, number>
  /** The next request with this key is lost and its connection cut, or its answer spoilt. */
  lose(apiKey: number, mode: Mode): void
}

const keyOf = (data: unknown): number => (Buffer.isBuffer(data) && data.length > 6 ? data.readInt16BE(4) : -1)

const cut = (socket: Socket): void => {
  socket.destroy(new Error('cut by the test'))
}

/** The next answer says UNKNOWN. */
const spoil = (socket: Socket): void => {
  const emit = socket.emit.bind(socket) as (event: string, ...values: unknown[]) => boolean
  const spoiling = (event: string, ...values: unknown[]): boolean => {
    const [data] = values
    if (event !== 'data' || !Buffer.isBuffer(data)) return emit(event, ...values)
    Object.assign(socket, { emit })
    const spoilt = Buffer.from(data)
    spoilt.writeInt16BE(-1, spoilt.length - 2)
    return emit(event, spoilt)
  }
  Object.assign(socket, { emit: spoiling })
}

export const sabotage = (): Sabotage => {
  const sent = new Map<number, number>()
  let planned: { apiKey: number; mode: Mode } | undefined
  const socketFactory: SocketFactory = ({ host, port, onConnect }) => {
    const socket = connect({ host, port }, onConnect)
    const write = socket.write.bind(socket) as (data: Uint8Array, encoding: BufferEncoding) => boolean
    const intercept = (data: Uint8Array, encoding: BufferEncoding): boolean => {
      const key = keyOf(data)
      sent.set(key, (sent.get(key) ?? 0) + 1)
      if (planned?.apiKey !== key) return write(data, encoding)
      const { mode } = planned
      planned = undefined
      if (mode === 'answer') {
        // the broker has carried it out when its answer comes in
        socket.removeAllListeners('data')
        socket.once('data', () => cut(socket))
        return write(data, encoding)
      }
      if (mode === 'error') {
        spoil(socket)
        return write(data, encoding)
      }
      cut(socket)
      return true
    }
    return Object.assign(socket, { write: intercept })
  }
  return {
    socketFactory,
    sent,
    lose: (apiKey, mode) => {
      planned = { apiKey, mode }
    },
  }
}
