import { decodePosition, encodePosition, type Position } from '@headrace/wire'

/** What stands beside a committed offset: positions that are fenced together with it. */
export interface OffsetMetadata {
  /** The routers' position of a topic that the group stage reads too. */
  readonly routed: bigint | undefined
  /** Per broadcast topic, in the order of the view: its partitions' positions (05 A3). */
  readonly broadcasts: readonly (readonly bigint[])[]
  /** Of which making of their topics the broadcasts' positions are; '' where it was not written down. */
  readonly making: string
  /** As of when the documents lack no delete, ms; undefined where it was not written down. */
  readonly asOf: number | undefined
  /** Of a marker below the position whose children the topic's routers have not all removed yet (05 A10b). */
  readonly sweeping: Position | undefined
}

const DIGITS = 36

/**
 * `routed=12 at=0,1z;5,0 of=3f2a as=mgd2x1k0 sweep=0000..`: positions of broadcasts and times to the base 36, for the text is limited
 * (Kafka's default: 4 kB).
 */
export const encodeOffsetMetadata = ({
  routed,
  broadcasts,
  making,
  asOf,
  sweeping,
}: OffsetMetadata): string =>
  [
    ...(routed === undefined ? [] : [`routed=${routed}`]),
    ...(broadcasts.length === 0
      ? []
      : [`at=${broadcasts.map(each => each.map(next => next.toString(DIGITS)).join(',')).join(';')}`]),
    ...(making === '' ? [] : [`of=${making}`]),
    ...(asOf === undefined ? [] : [`as=${asOf.toString(DIGITS)}`]),
    ...(sweeping === undefined ? [] : [`sweep=${encodePosition(sweeping).toString('hex')}`]),
  ].join(' ')

export const decodeOffsetMetadata = (text: string): OffsetMetadata => {
  const routed = /(?:^| )routed=(\d+)/.exec(text)?.[1]
  const positions = /(?:^| )at=([0-9a-z,;]+)/.exec(text)?.[1]
  const asOf = /(?:^| )as=([0-9a-z]+)/.exec(text)?.[1]
  const sweeping = /(?:^| )sweep=([0-9a-f]{32})/.exec(text)?.[1]
  return {
    sweeping: sweeping === undefined ? undefined : decodePosition(Buffer.from(sweeping, 'hex')),
    asOf: asOf === undefined ? undefined : parseInt(asOf, DIGITS),
    making: /(?:^| )of=([0-9a-f]+)/.exec(text)?.[1] ?? '',
    routed: routed === undefined ? undefined : BigInt(routed),
    broadcasts:
      positions === undefined
        ? []
        : positions.split(';').map(each => each.split(',').map(next => BigInt(parseInt(next, DIGITS)))),
  }
}
