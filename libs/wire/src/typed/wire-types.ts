export const WIRE_VARINT = 0
export const WIRE_FIXED64 = 1
export const WIRE_DELIMITED = 2
export const WIRE_FIXED32 = 5
