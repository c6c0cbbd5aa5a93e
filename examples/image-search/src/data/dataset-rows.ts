import type { Random } from '@headrace/testkit'
import {
  type AnnotationRow,
  type DatasetRow,
  DATASETS,
  type ImageRow,
  makeAnnotation,
  makeImage,
  makeSlice,
  makeSliceImage,
  type SliceImageRow,
  type SliceRow,
} from './rows.ts'

export const SLICES = 50

/** All rows, in an order that foreign keys allow. */
export interface Dataset {
  readonly datasets: readonly DatasetRow[]
  readonly images: readonly ImageRow[]
  readonly annotations: readonly AnnotationRow[]
  readonly slices: readonly SliceRow[]
  readonly sliceImages: readonly SliceImageRow[]
}

const idsFrom1 = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at + 1)

const annotationsOf = (random: Random, images: readonly ImageRow[]): AnnotationRow[] => {
  const annotations: AnnotationRow[] = []
  for (const { id } of images) {
    for (let count = random.int(0, 20); count > 0; count--)
      annotations.push(makeAnnotation(random, annotations.length + 1, id))
  }
  return annotations
}

/** About two per image, each a slice of the image's own dataset. */
const sliceImagesOf = (
  random: Random,
  images: readonly ImageRow[],
  slices: readonly SliceRow[],
): SliceImageRow[] =>
  images.flatMap(({ id, dataset_id }) => {
    const own = slices.filter(slice => slice.dataset_id === dataset_id)
    const chosen = random.shuffled(own).slice(0, random.int(0, 4))
    return chosen.map(slice => makeSliceImage(random, slice.id, id))
  })

/** The same rows for the same seed: ten annotations and two slices an image, on average. */
export const makeDataset = (random: Random, images: number): Dataset => {
  const imageRows = idsFrom1(images).map(id => makeImage(random, id))
  const slices = idsFrom1(SLICES).map(id => makeSlice(random, id))
  return {
    datasets: DATASETS,
    images: imageRows,
    annotations: annotationsOf(random, imageRows),
    slices,
    sliceImages: sliceImagesOf(random, imageRows, slices),
  }
}

/** The same with rows that foreign keys would refuse: of no image, of images that never come, links to no slice. */
export const makeDatasetWithOrphans = (random: Random, images: number): Dataset => {
  const dataset = makeDataset(random, images)
  const [annotations, sliceImages] = [[...dataset.annotations], [...dataset.sliceImages]]
  for (let orphan = 1; orphan <= images / 50; orphan++) {
    const nowhere = images + orphan
    annotations.push(makeAnnotation(random, annotations.length + 1, random.chance() ? null : nowhere))
    const image = random.chance() ? nowhere : orphan
    sliceImages.push(makeSliceImage(random, SLICES + orphan, image))
  }
  return { ...dataset, annotations, sliceImages }
}
