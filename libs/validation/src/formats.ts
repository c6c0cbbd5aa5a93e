import type { FieldRule } from './contract.ts'

export type Format = Extract<FieldRule, { rule: 'format' }>['format']

const HOSTNAME_LABEL = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/

/** RFC 1123: labels of letters, digits and inner hyphens, 253 characters in all. */
const isHostname = (text: string): boolean =>
  text.length <= 253 && text.split('.').every(label => HOSTNAME_LABEL.test(label))

const LOCAL_PART = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}$/

/** What HTML's input type email takes. */
const isEmail = (text: string): boolean => {
  const at = text.lastIndexOf('@')
  return at > 0 && LOCAL_PART.test(text.slice(0, at)) && isHostname(text.slice(at + 1))
}

const URI = /^[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*$/
const UUID = /^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/
const DATE_TIME =
  /^(\d{4}-\d{2}-\d{2})[Tt ]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/

const daysOf = (year: number, month: number): number => {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}

const isDate = (text: string): boolean => {
  const match = DATE.exec(text)
  if (match === null) return false
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number]
  return month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month)
}

const isDateTime = (text: string): boolean => {
  const match = DATE_TIME.exec(text)
  return match?.[1] !== undefined && isDate(match[1])
}

const OCTET = /^(0|[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])$/

const isIpv4 = (text: string): boolean => {
  const parts = text.split('.')
  return parts.length === 4 && parts.every(part => OCTET.test(part))
}

/** Number of 16-bit groups in one side of an address; NaN when one is none. */
const groupCount = (side: string): number => {
  if (side === '') return 0
  const groups = side.split(':')
  const tail = groups.at(-1) ?? ''
  const dotted = isIpv4(tail)
  const plain = dotted ? groups.slice(0, -1) : groups
  return plain.every(group => /^[0-9A-Fa-f]{1,4}$/.test(group)) ? plain.length + (dotted ? 2 : 0) : NaN
}

/** RFC 4291 §2.2, without a zone. */
const isIpv6 = (text: string): boolean => {
  const sides = text.split('::')
  if (sides.length === 1) return groupCount(text) === 8
  const [left = '', right = ''] = sides
  return sides.length === 2 && !left.includes('.') && groupCount(left) + groupCount(right) <= 7
}

const FORMATS: Readonly<Record<Format, (text: string) => boolean>> = {
  email: isEmail,
  uri: text => URI.test(text),
  uuid: text => UUID.test(text),
  date: isDate,
  'date-time': isDateTime,
  ipv4: isIpv4,
  ipv6: isIpv6,
  hostname: isHostname,
}

/** RFC 3339, 3986, 4122 and 1123 as far as a text alone can show it. */
export const formatCheck = (format: Format): ((text: string) => boolean) => FORMATS[format]
