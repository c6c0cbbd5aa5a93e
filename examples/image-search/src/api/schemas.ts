import { MAX_BATCH } from './resources.ts'

/** JSON Schemas of requests; fastify checks them before a route runs. */
const text = (maxLength: number) => ({ type: 'string', minLength: 1, maxLength })
const freeForm = { type: 'object' }
const pixels = { type: 'integer', minimum: 1, maximum: 100_000 }
const id = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER }

interface ObjectSchema {
  readonly type: 'object'
  readonly properties: Readonly<Record<string, object>>
  readonly required?: readonly string[]
  readonly minProperties?: number
  readonly additionalProperties: false
}

const object = (properties: Readonly<Record<string, object>>, required: readonly string[]): ObjectSchema => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
})

/** Some of the properties, at least one. */
const change = (properties: Readonly<Record<string, object>>): ObjectSchema => ({
  type: 'object',
  properties,
  minProperties: 1,
  additionalProperties: false,
})

const list = (items: object) => ({ type: 'array', items, minItems: 1, maxItems: MAX_BATCH })

const image = {
  key: text(1024),
  width: pixels,
  height: pixels,
  metadata: freeForm,
  attributes: freeForm,
}
const annotation = { annotation_class: text(200), annotation_type: text(200), metadata: freeForm }
const { key: _key, ...changeable } = image
const newImage = object(image, ['key', 'width', 'height'])

/** As it stands in the path; turned into a number after it was checked. */
const pathId = { type: 'string', pattern: '^[1-9][0-9]{0,14}$' }

export const idParameters = object({ id: pathId }, ['id'])
export const linkParameters = object({ id: pathId, imageId: pathId }, ['id', 'imageId'])
export const newDataset = object({ name: text(200), description: { type: 'string', maxLength: 10_000 } }, [
  'name',
])
export const uploadOne = newImage
export const uploadMany = object({ images: list(newImage) }, ['images'])
export const imageChange = change(changeable)
export const metadataToAdd = freeForm
export const newAnnotations = object(
  { annotations: list(object(annotation, ['annotation_class', 'annotation_type'])) },
  ['annotations'],
)
export const annotationChange = change({ ...annotation, image_id: id })
export const newSlice = object({ name: text(200) }, ['name'])
export const imageIds = object({ image_ids: list(id) }, ['image_ids'])
