/* CRC-32C (Castagnoli), eight bytes a step: zlib has only CRC-32. */

const SLICES = 8

const makeTables = (): readonly Int32Array[] => {
  const first = new Int32Array(256)
  for (let n = 0; n < 256; n++) {
    let crc = n
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    first[n] = crc
  }
  const tables = [first]
  for (let slice = 1; slice < SLICES; slice++) {
    const before = tables[slice - 1] as Int32Array
    tables.push(before.map(crc => (first[crc & 255] as number) ^ (crc >>> 8)))
  }
  return tables
}

const [t0, t1, t2, t3, t4, t5, t6, t7] = makeTables() as [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
]

/** Unsigned. */
export const crc32c = (data: Uint8Array): number => {
  let crc = -1
  let at = 0
  const at8 = data.length - 7
  for (; at < at8; at += 8) {
    const low =
      crc ^
      ((data[at] as number) |
        ((data[at + 1] as number) << 8) |
        ((data[at + 2] as number) << 16) |
        ((data[at + 3] as number) << 24))
    crc =
      (t7[low & 255] as number) ^
      (t6[(low >>> 8) & 255] as number) ^
      (t5[(low >>> 16) & 255] as number) ^
      (t4[low >>> 24] as number) ^
      (t3[data[at + 4] as number] as number) ^
      (t2[data[at + 5] as number] as number) ^
      (t1[data[at + 6] as number] as number) ^
      (t0[data[at + 7] as number] as number)
  }
  for (; at < data.length; at++) crc = (t0[(crc ^ (data[at] as number)) & 255] as number) ^ (crc >>> 8)
  return (crc ^ -1) >>> 0
}
