import type { Random } from '@headrace/testkit'

/** Columns as numbers, SQL text or null. Ids of datasets may be beyond what a double can hold. */
export interface DatasetRow {
  readonly id: string
  readonly name: string
}

export interface ImageRow {
  readonly id: number
  readonly key: string
  readonly dataset_id: string
  readonly width: number
  readonly height: number
  readonly metadata: string
  readonly attributes: string
  readonly created_at: string
  readonly updated_at: string
  readonly deleted_at: string | null
}

export interface AnnotationRow {
  readonly id: number
  readonly image_id: number | null
  readonly annotation_class: string
  readonly annotation_type: string
  readonly metadata: string
  readonly created_at: string
  readonly deleted_at: string | null
}

export interface SliceRow {
  readonly id: number
  readonly dataset_id: string
  readonly name: string
}

export interface SliceImageRow {
  readonly slice_id: number
  readonly image_id: number
  readonly added_at: string
}

export const DATASETS: readonly DatasetRow[] = [
  { id: '1', name: 'street scenes' },
  { id: '2', name: 'motorways' },
  { id: '3', name: 'car parks' },
  { id: '4', name: 'country roads' },
  { id: '9007199254740993', name: 'test track' },
]

const SIZES = [
  [1920, 1080],
  [1280, 720],
  [640, 480],
  [320, 240],
  [256, 192],
  [224, 224],
] as const
const TIMES_OF_DAY = ['day', 'day', 'day', 'dusk', 'night', 'night'] as const
const WEATHER = ['clear', 'clear', 'cloudy', 'rain', 'snow', 'fog'] as const
const CITIES = ['Zürich', 'Kraków', 'São Paulo', '京都', "Coeur d'Alene"] as const
const CLASSES = ['car', 'car', 'car', 'pedestrian', 'cyclist', 'truck', 'traffic_light', 'sign'] as const
const TYPES = ['box', 'box', 'polygon', 'point'] as const
const PURPOSES = ['training', 'validation', 'test', 'review', 'hard cases'] as const

const START_MS = Date.UTC(2026, 0, 1)

const timestamp = (random: Random): string =>
  new Date(START_MS + random.int(0, 180 * 86_400_000)).toISOString()

export const imageMetadata = (random: Random): string =>
  JSON.stringify({
    timeofday: random.pick(TIMES_OF_DAY),
    weather: random.pick(WEATHER),
    city: random.pick(CITIES),
    ...(random.chance(0.7)
      ? {
          gps: {
            lat: random.int(-900_000, 900_000) / 10_000,
            lon: random.int(-1_800_000, 1_800_000) / 10_000,
          },
        }
      : {}),
  })

export const makeImage = (random: Random, id: number): ImageRow => {
  const [width, height] = random.pick(SIZES)
  const created = timestamp(random)
  return {
    id,
    key: `images/${String(random.int(0, 0xffffff)).padStart(8, '0')}/${id}.jpg`,
    dataset_id: random.pick(DATASETS).id,
    width,
    height,
    metadata: imageMetadata(random),
    // digits that a double would lose must reach the index too
    attributes: `{"camera": "cam-${random.int(1, 9)}", "exposure": 0.${random.int(1, 9)}00000000000000000${random.int(1, 9)}, "frame": 90071992547409${random.int(90, 99)}}`,
    created_at: created,
    updated_at: created,
    deleted_at: random.chance(0.01) ? timestamp(random) : null,
  }
}

export const annotationMetadata = (random: Random): string =>
  JSON.stringify({
    occluded: random.chance(0.2),
    confidence: random.int(500, 1000) / 1000,
    annotator: `a${random.int(1, 20)}`,
  })

export const makeAnnotation = (random: Random, id: number, imageId: number | null): AnnotationRow => ({
  id,
  image_id: imageId,
  annotation_class: random.pick(CLASSES),
  annotation_type: random.pick(TYPES),
  metadata: annotationMetadata(random),
  created_at: timestamp(random),
  deleted_at: random.chance(0.05) ? timestamp(random) : null,
})

export const makeSlice = (random: Random, id: number): SliceRow => ({
  id,
  dataset_id: random.pick(DATASETS).id,
  name: `${random.pick(WEATHER)} ${random.pick(PURPOSES)} ${id}`,
})

export const makeSliceImage = (random: Random, sliceId: number, imageId: number): SliceImageRow => ({
  slice_id: sliceId,
  image_id: imageId,
  added_at: timestamp(random),
})
