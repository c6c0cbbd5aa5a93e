import type { RelationDescription } from '@headrace/wire'

/** A column value as pgoutput sends it: text, null, or unchanged and not sent. */
export type Cell = string | null | { readonly unchanged: true }

export const UNCHANGED: Cell = { unchanged: true }

const POSTGRES_EPOCH_US = 946_684_800_000_000n

const u8 = (value: number): Buffer => Buffer.from([value])
const u16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}
const u64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt.asUintN(64, value))
  return bytes
}
const zero = (text: string): Buffer => Buffer.from(`${text}\0`)

export const tuple = (cells: readonly Cell[]): Buffer =>
  Buffer.concat([
    u16(cells.length),
    ...cells.map(cell => {
      if (cell === null) return Buffer.from('n')
      if (typeof cell !== 'string') return Buffer.from('u')
      const bytes = Buffer.from(cell)
      return Buffer.concat([Buffer.from('t'), u32(bytes.length), bytes])
    }),
  ])

/** Messages of the protocol, each as a CopyData payload of type XLogData. */
const xlog = (...parts: readonly Buffer[]): Buffer =>
  Buffer.concat([Buffer.from('w'), u64(1n), u64(2n), u64(3n), ...parts])

export const begin = (commitLsn: bigint, commitTimeUs: number, xid: number): Buffer =>
  xlog(Buffer.from('B'), u64(commitLsn), u64(BigInt(commitTimeUs) - POSTGRES_EPOCH_US), u32(xid))

export const commit = (commitLsn: bigint, endLsn: bigint): Buffer =>
  xlog(Buffer.from('C'), u8(0), u64(commitLsn), u64(endLsn), u64(0n))

export const relation = ({
  oid,
  schema,
  table,
  replicaIdentity,
  columns,
}: Omit<RelationDescription, 'fingerprint'>): Buffer =>
  xlog(
    Buffer.from('R'),
    u32(oid),
    zero(schema),
    zero(table),
    Buffer.from(replicaIdentity),
    u16(columns.length),
    ...columns.map(column =>
      Buffer.concat([
        u8(column.key ? 1 : 0),
        zero(column.name),
        u32(column.typeOid),
        u32(column.typeModifier),
      ]),
    ),
  )

export const insert = (oid: number, row: readonly Cell[]): Buffer =>
  xlog(Buffer.from('I'), u32(oid), Buffer.from('N'), tuple(row))

export const update = (
  oid: number,
  row: readonly Cell[],
  old?: { readonly kind: 'K' | 'O'; readonly row: readonly Cell[] },
): Buffer =>
  xlog(
    Buffer.from('U'),
    u32(oid),
    ...(old === undefined ? [] : [Buffer.from(old.kind), tuple(old.row)]),
    Buffer.from('N'),
    tuple(row),
  )

export const remove = (oid: number, kind: 'K' | 'O', row: readonly Cell[]): Buffer =>
  xlog(Buffer.from('D'), u32(oid), Buffer.from(kind), tuple(row))

export const truncate = (oids: readonly number[]): Buffer =>
  xlog(Buffer.from('T'), u32(oids.length), u8(0), ...oids.map(u32))

export const message = (prefix: string, content: string): Buffer =>
  xlog(Buffer.from('M'), u8(0), u64(9n), zero(prefix), u32(content.length), Buffer.from(content))
