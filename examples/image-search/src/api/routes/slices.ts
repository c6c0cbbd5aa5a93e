import type { FastifyInstance } from 'fastify'
import { ApiError, found } from '../api-error.ts'
import type { Database } from '../database.ts'
import type { SliceResource } from '../resources.ts'
import { idParameters, imageIds, linkParameters, newSlice } from '../schemas.ts'
import type { ById } from './requests.ts'

const COLUMNS = 'id, dataset_id, name, created_at, updated_at'

const addImages = (database: Database, sliceId: number, ids: readonly number[]): Promise<number> =>
  database.transaction(async ({ query }) => {
    const slices = await query<SliceResource>(
      `select ${COLUMNS} from slice where id = $1 and deleted_at is null for share`,
      [sliceId],
    )
    const slice = found(slices, 'slice', sliceId)
    const known = await query<{ id: number }>(
      'select id from image where id = any($1::bigint[]) and dataset_id = $2 and deleted_at is null for share',
      [ids, slice.dataset_id],
    )
    const missing = new Set(ids)
    for (const { id } of known) missing.delete(id)
    for (const id of missing) {
      throw new ApiError(404, 'not_found', `there is no image ${id} in dataset ${slice.dataset_id}`)
    }
    const added = await query(
      `insert into slice_image (slice_id, image_id) select $1, unnest($2::bigint[]) on conflict do nothing returning image_id`,
      [sliceId, [...new Set(ids)]],
    )
    return added.length
  })

const schema = { params: idParameters }
const named = { schema: { ...schema, body: newSlice } }

export const sliceRoutes = (app: FastifyInstance, database: Database): void => {
  namingRoutes(app, database)
  contentRoutes(app, database)
}

const namingRoutes = (app: FastifyInstance, database: Database): void => {
  app.post<ById & { Body: { readonly name: string } }>(
    '/v1/datasets/:id/slices',
    named,
    async ({ params: { id }, body }, reply) => {
      const slice = await database.transaction(async ({ query }) => {
        found(
          await query('select id from dataset where id = $1 and deleted_at is null for share', [id]),
          'dataset',
          id,
        )
        const rows = await query<SliceResource>(
          `insert into slice (dataset_id, name) values ($1, $2) returning ${COLUMNS}`,
          [id, body.name],
        )
        return rows[0]
      })
      return reply.code(201).send(slice)
    },
  )

  app.patch<ById & { Body: { readonly name: string } }>(
    '/v1/slices/:id',
    named,
    async ({ params: { id }, body }) =>
      found(
        await database.query<SliceResource>(
          `update slice set name = $2, updated_at = now() where id = $1 and deleted_at is null returning ${COLUMNS}`,
          [id, body.name],
        ),
        'slice',
        id,
      ),
  )

  app.delete<ById>('/v1/slices/:id', { schema }, async ({ params: { id } }, reply) => {
    await database.transaction(async ({ query }) => {
      const rows = await query(
        'update slice set deleted_at = now(), updated_at = now() where id = $1 and deleted_at is null returning id',
        [id],
      )
      found(rows, 'slice', id)
      await query('delete from slice_image where slice_id = $1', [id])
    })
    return reply.code(204).send()
  })
}

const contentRoutes = (app: FastifyInstance, database: Database): void => {
  app.post<ById & { Body: { readonly image_ids: readonly number[] } }>(
    '/v1/slices/:id/images',
    { schema: { ...schema, body: imageIds } },
    async ({ params, body }) => ({ added: await addImages(database, params.id, body.image_ids) }),
  )

  app.delete<{ Params: { readonly id: number; readonly imageId: number } }>(
    '/v1/slices/:id/images/:imageId',
    { schema: { params: linkParameters } },
    async ({ params: { id, imageId } }, reply) => {
      const rows = await database.query(
        'delete from slice_image where slice_id = $1 and image_id = $2 returning image_id',
        [id, imageId],
      )
      found(rows, `image in slice ${id}:`, imageId)
      return reply.code(204).send()
    },
  )
}
