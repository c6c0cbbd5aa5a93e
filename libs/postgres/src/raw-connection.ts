import type pg from 'pg'
import { FrameCutter, type FrameHandler } from './frame-cutter.ts'
import { socketOf } from './session.ts'

const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4])

/** A connection whose messages we read ourselves. */
export interface RawConnection {
  /** Sends a simple query. */
  query(text: string): void
  write(message: Buffer): void
  /** Stops reading the socket; what has been read already is still handed on. */
  pause(): void
  resume(): void
  readonly paused: boolean
  /** Ends the session; resolves when the server has let go of it (or does not within a second). */
  close(): Promise<void>
}

export interface RawHandlers {
  readonly frame: FrameHandler
  /** A socket chunk is used up. */
  chunk(bytes: number): void
  /** The connection is over: an error, or null when the server ended it. Not called after `close`. */
  ended(error: Error | null): void
}

const queryMessage = (text: string): Buffer => {
  const body = Buffer.from(`${text}\0`)
  const head = Buffer.alloc(5)
  head[0] = 0x51
  head.writeUInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

/**
 * Takes the socket over from a connected, idle pg client (03 C6): start-up, TLS and SCRAM are pg's, every byte from
 * here on is ours. Nothing is asked between pg's last answer and our first question, so no byte is lost.
 */
export const takeOver = (client: pg.Client, handlers: RawHandlers): RawConnection => {
  const socket = socketOf(client)
  const cutter = new FrameCutter()
  let closed = false
  let paused = false
  const end = (error: Error | null): void => {
    if (closed) return
    closed = true
    socket.destroy()
    handlers.ended(error)
  }
  socket.removeAllListeners('data')
  socket.on('data', (chunk: Buffer) => {
    if (closed) return
    try {
      cutter.push(chunk, handlers.frame)
      handlers.chunk(chunk.length)
    } catch (error) {
      end(error instanceof Error ? error : new Error(String(error)))
    }
  })
  socket.on('error', end)
  socket.on('close', () => end(null))
  return {
    query: text => void socket.write(queryMessage(text)),
    write: message => void (closed || socket.write(message)),
    pause: () => {
      paused = true
      socket.pause()
    },
    resume: () => {
      paused = false
      socket.resume()
    },
    get paused() {
      return paused
    },
    close: async () => {
      if (socket.closed) return
      const gone = new Promise<void>(resolve => socket.once('close', () => resolve()))
      if (!closed) {
        closed = true
        socket.end(TERMINATE)
        // a paused socket would never see the server's end; what still comes is not looked at
        socket.resume()
        setTimeout(() => socket.destroy(), 1_000).unref()
      }
      await gone
    },
  }
}
