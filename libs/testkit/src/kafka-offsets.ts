import { connect, type Socket } from 'node:net'

/**
 * Asks a broker for offsets with plain requests of the protocol (https://kafka.apache.org/protocol), so that tests look at Kafka
 * without the code they test. One broker that leads all partitions and coordinates all groups; plaintext.
 */
export interface KafkaOffsets {
  /** Ends of the partitions: `stable` is where read_committed readers stop, `high` includes what open transactions wrote. */
  ends(
    topic: string,
    partitions: number,
  ): Promise<readonly { readonly stable: bigint; readonly high: bigint }[]>
  /** Committed offset per partition; -1 where nothing is committed. */
  committed(group: string, topic: string, partitions: number): Promise<readonly bigint[]>
  close(): void
}

const LIST_OFFSETS = 2
const OFFSET_FETCH = 9
const LATEST = -1n
const TIMEOUT_MS = 60_000

class Writer {
  readonly #parts: Buffer[] = []
  int8 = (value: number): this => this.#add(1, part => part.writeInt8(value))
  int16 = (value: number): this => this.#add(2, part => part.writeInt16BE(value))
  int32 = (value: number): this => this.#add(4, part => part.writeInt32BE(value))
  int64 = (value: bigint): this => this.#add(8, part => part.writeBigInt64BE(value))
  string(value: string): this {
    const bytes = Buffer.from(value)
    this.int16(bytes.length)
    this.#parts.push(bytes)
    return this
  }
  #add(bytes: number, write: (part: Buffer) => void): this {
    const part = Buffer.alloc(bytes)
    write(part)
    this.#parts.push(part)
    return this
  }
  get bytes(): Buffer {
    return Buffer.concat(this.#parts)
  }
}

class Reader {
  readonly #bytes: Buffer
  #at = 0
  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }
  int16 = (): number => this.#bytes.readInt16BE(this.#move(2))
  int32 = (): number => this.#bytes.readInt32BE(this.#move(4))
  int64 = (): bigint => this.#bytes.readBigInt64BE(this.#move(8))
  skipString(): void {
    const length = this.int16()
    if (length > 0) this.#move(length)
  }
  #move(bytes: number): number {
    this.#at += bytes
    return this.#at - bytes
  }
}

/** One request after another on one connection. */
class Connection {
  readonly #socket: Socket
  #received = Buffer.alloc(0)
  #waiting: ((answer: Reader) => void) | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(address: string) {
    const [host = '127.0.0.1', port = '9092'] = address.split(':')
    this.#socket = connect(Number(port), host)
    this.#socket.on('error', () => undefined)
    this.#socket.on('data', chunk => this.#take(chunk))
  }

  ask(api: number, version: number, body: Writer): Promise<Reader> {
    const header = new Writer().int16(api).int16(version).int32(0).string('testkit')
    const message = Buffer.concat([header.bytes, body.bytes])
    const answer = this.#last.then(() => this.#exchange(message))
    this.#last = answer.catch(() => undefined)
    return answer
  }

  #exchange(message: Buffer): Promise<Reader> {
    return new Promise((resolve, reject) => {
      const failed = (error: Error): void => {
        clearTimeout(timer)
        reject(error)
      }
      const timer = setTimeout(() => this.#socket.destroy(new Error('no answer from Kafka')), TIMEOUT_MS)
      this.#socket.once('error', failed)
      this.#waiting = reader => {
        clearTimeout(timer)
        this.#socket.off('error', failed)
        resolve(reader)
      }
      this.#socket.write(Buffer.concat([new Writer().int32(message.length).bytes, message]))
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    if (this.#received.length < 4 || this.#received.length < 4 + this.#received.readInt32BE(0)) return
    const length = this.#received.readInt32BE(0)
    // the four bytes after the length are the correlation id
    const answer = new Reader(this.#received.subarray(8, 4 + length))
    this.#received = this.#received.subarray(4 + length)
    this.#waiting?.(answer)
  }
}

const refused = (what: string, code: number): Error =>
  new Error(`the broker answered ${what} with error ${code}`)

const listOffsets = async (
  connection: Connection,
  topic: string,
  partitions: number,
  isolation: 0 | 1,
): Promise<readonly bigint[]> => {
  const body = new Writer().int32(-1).int8(isolation).int32(1).string(topic).int32(partitions)
  for (let partition = 0; partition < partitions; partition++) body.int32(partition).int64(LATEST)
  const answer = await connection.ask(LIST_OFFSETS, 2, body)
  answer.int32() // throttled for
  answer.int32() // one topic
  answer.skipString()
  const offsets: bigint[] = []
  for (let left = answer.int32(); left > 0; left--) {
    const partition = answer.int32()
    const error = answer.int16()
    if (error !== 0) throw refused(`ListOffsets of ${topic}`, error)
    answer.int64() // timestamp
    offsets[partition] = answer.int64()
  }
  return offsets
}

const fetchCommitted = async (
  connection: Connection,
  group: string,
  topic: string,
  partitions: number,
): Promise<readonly bigint[]> => {
  const body = new Writer().string(group).int32(1).string(topic).int32(partitions)
  for (let partition = 0; partition < partitions; partition++) body.int32(partition)
  const answer = await connection.ask(OFFSET_FETCH, 2, body)
  const offsets = Array.from({ length: partitions }, () => -1n)
  if (answer.int32() === 0) return offsets
  answer.skipString()
  for (let left = answer.int32(); left > 0; left--) {
    const partition = answer.int32()
    offsets[partition] = answer.int64()
    answer.skipString()
    const error = answer.int16()
    if (error !== 0) throw refused(`OffsetFetch of ${group}`, error)
  }
  return offsets
}

export const openKafkaOffsets = (broker: string): KafkaOffsets => {
  const connection = new Connection(broker)
  return {
    ends: async (topic, partitions) => {
      const high = await listOffsets(connection, topic, partitions, 0)
      const stable = await listOffsets(connection, topic, partitions, 1)
      return high.map((offset, partition) => ({ high: offset, stable: stable[partition] ?? offset }))
    },
    committed: (group, topic, partitions) => fetchCommitted(connection, group, topic, partitions),
    close: () => connection.close(),
  }
}
