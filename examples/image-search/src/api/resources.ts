/** What the API takes and gives, for server and SDK alike. Instants are ISO texts in UTC. */
export type Metadata = Readonly<Record<string, unknown>>

export interface DatasetResource {
  readonly id: number
  readonly name: string
  readonly description: string | null
  readonly created_at: string
  readonly updated_at: string
}

export interface NewDataset {
  readonly name: string
  readonly description?: string
}

export interface ImageResource {
  readonly id: number
  readonly key: string
  readonly dataset_id: number
  readonly width: number
  readonly height: number
  readonly metadata: Metadata
  readonly attributes: Metadata
  readonly created_at: string
  readonly updated_at: string
}

export interface NewImage {
  /** Where the file lies in the object store. */
  readonly key: string
  /** In pixels. */
  readonly width: number
  readonly height: number
  readonly metadata?: Metadata
  readonly attributes?: Metadata
}

export interface ImageChange {
  readonly width?: number
  readonly height?: number
  /** Replace what is there. */
  readonly metadata?: Metadata
  readonly attributes?: Metadata
}

export interface AnnotationResource {
  readonly id: number
  readonly image_id: number
  readonly annotation_class: string
  readonly annotation_type: string
  readonly metadata: Metadata
  readonly created_at: string
}

export interface NewAnnotation {
  /** What it is, e.g. car. */
  readonly annotation_class: string
  /** How it was marked, e.g. box. */
  readonly annotation_type: string
  readonly metadata?: Metadata
}

export interface AnnotationChange extends Partial<NewAnnotation> {
  /** Moves it to another image. */
  readonly image_id?: number
}

export interface SliceResource {
  readonly id: number
  readonly dataset_id: number
  readonly name: string
  readonly created_at: string
  readonly updated_at: string
}

/** Most images, annotations or ids in one request. */
export const MAX_BATCH = 1000
