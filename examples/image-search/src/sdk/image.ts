import type {
  AnnotationChange,
  AnnotationResource,
  ImageChange,
  ImageResource,
  Metadata,
  NewAnnotation,
} from '../api/resources.ts'
import { inBatches } from './batches.ts'
import type { Http } from './http.ts'

/** An image as it was when it was last sent or fetched; changes give a new one. */
export class Image {
  readonly data: ImageResource
  private readonly http: Http

  constructor(http: Http, data: ImageResource) {
    this.http = http
    this.data = data
  }

  get id(): number {
    return this.data.id
  }

  get key(): string {
    return this.data.key
  }

  get metadata(): Metadata {
    return this.data.metadata
  }

  /** Adds to what is there; names that are there already get the new value. */
  async addMetadata(metadata: Metadata): Promise<Image> {
    return new Image(this.http, await this.http.send('POST', `/v1/images/${this.id}/metadata`, metadata))
  }

  async update(change: ImageChange): Promise<Image> {
    return new Image(this.http, await this.http.send('PATCH', `/v1/images/${this.id}`, change))
  }

  /** All at once up to 1,000 of them; more are sent in several requests. */
  async addAnnotations(annotations: readonly NewAnnotation[]): Promise<readonly Annotation[]> {
    return inBatches(annotations, async batch => {
      const path = `/v1/images/${this.id}/annotations`
      const answer = await this.http.send<{ annotations: readonly AnnotationResource[] }>('POST', path, {
        annotations: batch,
      })
      return answer.annotations.map(data => new Annotation(this.http, data))
    })
  }

  async annotations(): Promise<readonly Annotation[]> {
    const path = `/v1/images/${this.id}/annotations`
    const answer = await this.http.send<{ annotations: readonly AnnotationResource[] }>('GET', path)
    return answer.annotations.map(data => new Annotation(this.http, data))
  }

  async refresh(): Promise<Image> {
    return new Image(this.http, await this.http.send('GET', `/v1/images/${this.id}`))
  }

  /** Marks it as deleted. */
  async delete(): Promise<void> {
    await this.http.send('DELETE', `/v1/images/${this.id}`)
  }
}

export class Annotation {
  readonly data: AnnotationResource
  private readonly http: Http

  constructor(http: Http, data: AnnotationResource) {
    this.http = http
    this.data = data
  }

  get id(): number {
    return this.data.id
  }

  /** `image_id` moves it to another image. */
  async update(change: AnnotationChange): Promise<Annotation> {
    return new Annotation(this.http, await this.http.send('PATCH', `/v1/annotations/${this.id}`, change))
  }

  /** Marks it as deleted. */
  async delete(): Promise<void> {
    await this.http.send('DELETE', `/v1/annotations/${this.id}`)
  }
}
