/**
 * Sixteen hexadecimal digits whose order as text is the order of the numbers: the IEEE 754 bits, sign bit turned for
 * positive ones, all bits turned for negative ones. -0 is 0.
 */
export const numberCode = (value: number): string => {
  const bits = Buffer.allocUnsafe(8)
  bits.writeDoubleBE(value === 0 ? 0 : value)
  if (bits[0]! >= 0x80) for (let i = 0; i < 8; i++) bits[i] = ~bits[i]!
  else bits[0]! |= 0x80
  return bits.toString('hex')
}

/** The number that a code stands for. */
export const numberOfCode = (code: string): number => {
  const bits = Buffer.from(code, 'hex')
  if (bits[0]! >= 0x80) bits[0]! &= 0x7f
  else for (let i = 0; i < 8; i++) bits[i] = ~bits[i]!
  return bits.readDoubleBE(0)
}
