import type { DatasetResource, ImageResource, NewImage, SliceResource } from '../api/resources.ts'
import { inBatches } from './batches.ts'
import type { Http } from './http.ts'
import { Image } from './image.ts'

/** A named collection of images. */
export class Dataset {
  readonly data: DatasetResource
  private readonly http: Http

  constructor(http: Http, data: DatasetResource) {
    this.http = http
    this.data = data
  }

  get id(): number {
    return this.data.id
  }

  get name(): string {
    return this.data.name
  }

  async uploadImage(image: NewImage): Promise<Image> {
    return new Image(this.http, await this.http.send('POST', `/v1/datasets/${this.id}/images`, image))
  }

  /**
   * In the order they were given. Up to 1,000 are stored all or none; more are sent in several requests, and those before a
   * failing one stay.
   */
  async uploadImages(images: readonly NewImage[]): Promise<readonly Image[]> {
    return inBatches(images, async batch => {
      const path = `/v1/datasets/${this.id}/images/batch`
      const answer = await this.http.send<{ images: readonly ImageResource[] }>('POST', path, {
        images: batch,
      })
      return answer.images.map(data => new Image(this.http, data))
    })
  }

  async createSlice(name: string): Promise<Slice> {
    return new Slice(this.http, await this.http.send('POST', `/v1/datasets/${this.id}/slices`, { name }))
  }

  /** Marks it, its images and its slices as deleted. */
  async delete(): Promise<void> {
    await this.http.send('DELETE', `/v1/datasets/${this.id}`)
  }
}

/** A named choice of a dataset's images. */
export class Slice {
  readonly data: SliceResource
  private readonly http: Http

  constructor(http: Http, data: SliceResource) {
    this.http = http
    this.data = data
  }

  get id(): number {
    return this.data.id
  }

  get name(): string {
    return this.data.name
  }

  /** Images that are in it already stay. Gives how many came. */
  async addImages(images: readonly (Image | number)[]): Promise<number> {
    const ids = images.map(image => (typeof image === 'number' ? image : image.id))
    const added = await inBatches(ids, async batch => {
      const answer = await this.http.send<{ added: number }>('POST', `/v1/slices/${this.id}/images`, {
        image_ids: batch,
      })
      return [answer.added]
    })
    return added.reduce((sum, each) => sum + each, 0)
  }

  async removeImage(image: Image | number): Promise<void> {
    const id = typeof image === 'number' ? image : image.id
    await this.http.send('DELETE', `/v1/slices/${this.id}/images/${id}`)
  }

  async rename(name: string): Promise<Slice> {
    return new Slice(this.http, await this.http.send('PATCH', `/v1/slices/${this.id}`, { name }))
  }

  /** Marks it as deleted; its images stay. */
  async delete(): Promise<void> {
    await this.http.send('DELETE', `/v1/slices/${this.id}`)
  }
}
