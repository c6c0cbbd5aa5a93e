import type { Dataset as Rows } from '../data/dataset-rows.ts'
import type { AnnotationRow, DatasetRow, ImageRow } from '../data/rows.ts'
import type { Progress } from '../screen/screen.ts'
import type { Client, Image, Metadata, NewAnnotation, NewImage, Slice } from '../sdk/index.ts'

export interface Loaded {
  /** That are not deleted. */
  readonly images: readonly Image[]
  readonly slices: readonly { readonly slice: Slice; readonly images: number }[]
}

/** Requests under way at once. */
const LANES = 8

const inLanes = async <T>(
  items: readonly T[],
  run: (item: T, at: number) => Promise<void>,
): Promise<void> => {
  let next = 0
  const lane = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) await run(items[at] as T, at)
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

const json = (text: string): Metadata => JSON.parse(text) as Metadata

const newImage = ({ key, width, height, attributes }: ImageRow): NewImage => ({
  key,
  width,
  height,
  attributes: json(attributes),
})

const newAnnotation = (row: AnnotationRow): NewAnnotation => ({
  annotation_class: row.annotation_class,
  annotation_type: row.annotation_type,
  metadata: json(row.metadata),
})

const loadDataset = async (
  client: Client,
  { id, name }: DatasetRow,
  rows: Rows,
  annotationsOf: ReadonlyMap<number | null, readonly AnnotationRow[]>,
  loaded: (rows: number) => void,
): Promise<Loaded> => {
  const own = rows.images.filter(row => row.dataset_id === id)
  const dataset = await client.createDataset(name)
  const images = await dataset.uploadImages(own.map(newImage))
  loaded(images.length)

  await inLanes(own, async (row, at) => {
    const image = images[at]!
    await image.addMetadata(json(row.metadata))
    const given = annotationsOf.get(row.id) ?? []
    const annotations = await image.addAnnotations(given.map(newAnnotation))
    for (const [index, { deleted_at }] of given.entries())
      if (deleted_at !== null) await annotations[index]!.delete()
    loaded(annotations.length)
  })

  const imageOf = new Map(own.map((row, at) => [row.id, images[at]!]))
  const slices: Loaded['slices'][number][] = []
  for (const row of rows.slices.filter(({ dataset_id }) => dataset_id === id)) {
    const slice = await dataset.createSlice(row.name)
    const links = rows.sliceImages.filter(({ slice_id }) => slice_id === row.id)
    const added = await slice.addImages(links.map(({ image_id }) => imageOf.get(image_id)!))
    slices.push({ slice, images: added })
    loaded(1 + added)
  }

  await inLanes(own, async ({ deleted_at }, at) => {
    if (deleted_at !== null) await images[at]!.delete()
  })
  return { images: images.filter((_, at) => own[at]!.deleted_at === null), slices }
}

/** All rows, as an application loads them: through the SDK and the dataset API. */
export const loadImages = async (
  client: Client,
  rows: Rows,
  progress: Progress,
  signal: AbortSignal,
): Promise<Loaded> => {
  const annotationsOf = new Map<number | null, AnnotationRow[]>()
  for (const row of rows.annotations)
    annotationsOf.set(row.image_id, [...(annotationsOf.get(row.image_id) ?? []), row])
  let done = 0
  const loaded = (more: number): void => {
    signal.throwIfAborted()
    progress.update((done += more))
  }
  const all: Loaded[] = []
  for (const dataset of rows.datasets)
    all.push(await loadDataset(client, dataset, rows, annotationsOf, loaded))
  return { images: all.flatMap(({ images }) => images), slices: all.flatMap(({ slices }) => slices) }
}

/** What `progress` counts. */
export const rowsToLoad = ({ images, annotations, slices, sliceImages }: Rows): number =>
  images.length + annotations.length + slices.length + sliceImages.length
