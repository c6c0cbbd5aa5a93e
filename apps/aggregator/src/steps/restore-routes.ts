import { randomUUID } from 'node:crypto'
import { HeadraceError } from '@headrace/errors'
import type { FencedWriter, IncomingRecord, PartitionReader } from '@headrace/kafka'
import { isMarkerKey, type Marker, markerKey, MarkerKind, RouteRecord } from '@headrace/wire'
import type { Store } from '@headrace/store'
import type { RouterTask } from './router-task.ts'

/** A router whose index must be brought up to its topic. */
export interface RouteRestore {
  readonly partition: number
  readonly store: Store
  readonly router: RouterTask
}

export interface RestoreOptions {
  readonly writer: FencedWriter
  readonly reader: PartitionReader
  readonly instance: string
  readonly signal: AbortSignal
  readonly onPart: (records: number) => void
}

/**
 * Brings the routers' indexes up to the index topics (05 A14, A15). The end of the log as the broker tells it is not enough: it
 * stops below a transaction that a killed process left open, and committed entries may lie above. So a marker of our own is
 * written first and read up to: what is visible below it is everything. Must run after the group's stable offsets were read:
 * then no transaction of an older generation can still be committed.
 */
export const restoreRoutes = async (restores: readonly RouteRestore[], options: RestoreOptions): Promise<void> => {
  if (restores.length === 0) return
  const nonce = randomUUID()
  const marker: Marker = { kind: MarkerKind.PROGRESS, position: undefined, writer: options.instance, incarnation: nonce }
  const value = Buffer.from(RouteRecord.encode({ record: { $case: 'marker', value: marker } }).finish())
  await options.writer.write({
    records: restores.map(({ partition, router }) => ({ topic: router.input.indexTopic, partition, key: markerKey(marker), value })),
  })
  for (const restore of restores) await restoreOne(restore, nonce, options)
}

const restoreOne = async ({ partition, store, router }: RouteRestore, nonce: string, options: RestoreOptions): Promise<void> => {
  const { indexTopic } = router.input
  const ended = new AbortController()
  const signal = AbortSignal.any([ended.signal, options.signal])
  const { start } = await options.reader.bounds(indexTopic, partition)
  const from = router.index.restoredTo > start ? router.index.restoredTo : start
  for await (const { records, next } of options.reader.follow(indexTopic, partition, from, signal)) {
    const found = records.findIndex(record => isMarker(record, nonce))
    store.transaction(() => {
      for (const { key, value } of records) if (key !== null && value !== null && !isMarkerKey(key)) router.index.restore(key.toString(), value)
      router.index.setRestoredTo(next)
    })
    options.onPart(records.length)
    if (found < 0) continue
    ended.abort()
    return
  }
  if (!options.signal.aborted) throw new HeadraceError('internal.bug', 'the index topic ended before our marker', { where: indexTopic })
}

const isMarker = ({ key, value }: IncomingRecord, nonce: string): boolean => {
  if (value === null || !isMarkerKey(key)) return false
  const { record } = RouteRecord.decode(value)
  return record?.$case === 'marker' && record.value.incarnation === nonce
}
