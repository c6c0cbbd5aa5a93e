import type { Change, Random } from '@headrace/testkit'
import * as annotation from './annotation-changes.ts'
import * as image from './image-changes.ts'
import * as slice from './slice-changes.ts'
import type { Ids, Kind } from './statement.ts'

const KINDS: readonly (readonly [weight: number, kind: Kind])[] = [
  [30, image.insertImage],
  [40, image.putImage],
  [120, image.updateImage],
  [10, image.toggleImage],
  [40, image.deleteImage],
  [15, image.changeImageKey],
  [15, image.replaceImage],
  [120, annotation.insertAnnotation],
  [10, annotation.insertBeforeImage],
  [50, annotation.putAnnotation],
  [110, annotation.updateAnnotation],
  [90, annotation.reparentAnnotation],
  [40, annotation.toggleAnnotation],
  [50, annotation.deleteAnnotation],
  [15, annotation.changeAnnotationKey],
  [15, annotation.replaceAnnotation],
  [10, annotation.moveAllAnnotations],
  [15, slice.putSlice],
  [20, slice.renameSlice],
  [5, slice.toggleSlice],
  [5, slice.deleteSlice],
  [5, slice.changeSliceKey],
  [5, slice.replaceSlice],
  [1, slice.truncateSlices],
  [60, slice.insertLink],
  [20, slice.putLink],
  [30, slice.deleteLink],
  [20, slice.changeLinkImage],
  [20, slice.changeLinkSlice],
  [15, slice.replaceLink],
  [1, slice.truncateLinks],
]

const TOTAL = KINDS.reduce((sum, [weight]) => sum + weight, 0)

/** One random change of an image, annotation, slice or link: statements that belong into one transaction. */
export const randomChange = (random: Random, ids: Ids): Change => {
  let at = random.int(1, TOTAL)
  for (const [weight, kind] of KINDS) {
    at -= weight
    if (at <= 0) return { kind: kind.name, statements: kind(random, ids) }
  }
  throw new RangeError('nothing to draw from')
}
