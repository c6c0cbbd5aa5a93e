export type {
  AnnotationChange,
  AnnotationResource,
  DatasetResource,
  ImageChange,
  ImageResource,
  Metadata,
  NewAnnotation,
  NewDataset,
  NewImage,
  SliceResource,
} from '../api/resources.ts'
export {
  Client,
  type ClientOptions,
  createClient,
  type SearchHit,
  type SearchOptions,
  type SearchResult,
} from './client.ts'
export { Dataset, Slice } from './dataset.ts'
export { ApiError, type ErrorDetail, type ErrorPosition } from './http.ts'
export { Annotation, Image } from './image.ts'
