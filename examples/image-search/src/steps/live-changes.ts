import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '@headrace/testkit'
import { annotationMetadata, makeAnnotation } from '../data/rows.ts'
import type { Screen } from '../screen/screen.ts'
import type { Client, Image, Metadata } from '../sdk/index.ts'
import type { Loaded } from './load-images.ts'

export interface LiveOptions extends Loaded {
  readonly client: Client
  readonly screen: Screen
  readonly random: Random
  readonly signal: AbortSignal
}

/** A change that was committed, and how many hits a query has once it is in the index. */
interface LiveChange {
  readonly what: string
  readonly query: string
  readonly hits: number
}

type Change = (options: LiveOptions, serial: number) => Promise<LiveChange | undefined>

const PAUSE_MS = 400
const POLL_MS = 10
const GIVE_UP_MS = 30_000

/** Holds exactly one image, once the index has that many annotations of it. */
const countOf = async (image: Image): Promise<{ count: number; query: string; hits: number }> => {
  const count = (await image.annotations()).length
  return { count, query: `id = ${image.id} and annotations_search.count = ${count}`, hits: 1 }
}

const changeMetadata: Change = async ({ random, images }, serial) => {
  const image = random.pick(images)
  const timeofday = random.pick(['day', 'dusk', 'night'])
  await image.addMetadata({ timeofday, live: serial })
  return {
    what: `image ${image.id}: timeofday is "${timeofday}" now`,
    query: `id = ${image.id} and metadata.live = ${serial}`,
    hits: 1,
  }
}

const addAnnotation: Change = async ({ random, images }) => {
  const image = random.pick(images)
  const { annotation_class, annotation_type } = makeAnnotation(random, 0, image.id)
  const metadata = JSON.parse(annotationMetadata(random)) as Metadata
  await image.addAnnotations([{ annotation_class, annotation_type, metadata }])
  const { count, ...sought } = await countOf(image)
  return { what: `image ${image.id}: a new ${annotation_class}, ${count} annotations`, ...sought }
}

const deleteAnnotation: Change = async ({ random, images }) => {
  const image = random.pick(images)
  const [annotation] = await image.annotations()
  if (annotation === undefined) return undefined
  await annotation.delete()
  const { count, ...sought } = await countOf(image)
  return { what: `image ${image.id}: an annotation deleted, ${count} left`, ...sought }
}

const moveAnnotation: Change = async ({ random, images }) => {
  const [from, to] = [random.pick(images), random.pick(images)]
  const [annotation] = await from.annotations()
  if (annotation === undefined || from === to) return undefined
  await annotation.update({ image_id: to.id })
  const { count: _count, ...sought } = await countOf(to)
  return { what: `image ${from.id}: an annotation moved to image ${to.id}`, ...sought }
}

/** One row, and every document of its images. */
const renameSlice: Change = async ({ random, slices }, serial) => {
  const { slice, images } = random.pick(slices)
  const name = `${slice.name.split(' (')[0]} (${serial})`
  await slice.rename(name)
  return {
    what: `slice ${slice.id} is "${name}" now: ${images} images`,
    query: `slices.slice_name = "${name}"`,
    hits: images,
  }
}

const CHANGES: readonly Change[] = [
  changeMetadata,
  addAnnotation,
  deleteAnnotation,
  moveAnnotation,
  renameSlice,
]

const follow = async (
  { client, screen, signal }: LiveOptions,
  { what, query, hits }: LiveChange,
): Promise<void> => {
  const committedAt = performance.now()
  for (;;) {
    const { total } = await client.search(query, { size: 1 })
    const ms = performance.now() - committedAt
    if (total === hits) return screen.line(`  ${what.padEnd(56)} in the index after ${ms.toFixed(0)} ms`)
    if (ms > GIVE_UP_MS) return screen.bad(`${what}: not in the index after ${GIVE_UP_MS / 1000} s`)
    await delay(POLL_MS, undefined, { signal })
  }
}

/** A few changes a second through the SDK; each is shown when the search API shows it. Until the signal fires. */
export const followLiveChanges = async (options: LiveOptions): Promise<void> => {
  try {
    for (let serial = 1; !options.signal.aborted; serial++) {
      const change = await options.random.pick(CHANGES)(options, serial)
      if (change !== undefined) await follow(options, change)
      await delay(PAUSE_MS, undefined, { signal: options.signal })
    }
  } catch (error) {
    if (!options.signal.aborted) throw error
  }
}
