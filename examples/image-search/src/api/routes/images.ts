import type { FastifyInstance } from 'fastify'
import { found } from '../api-error.ts'
import type { Database } from '../database.ts'
import type { ImageChange, ImageResource, Metadata, NewImage } from '../resources.ts'
import { idParameters, imageChange, metadataToAdd, uploadMany, uploadOne } from '../schemas.ts'
import type { ById } from './requests.ts'

const COLUMNS = 'id, key, dataset_id, width, height, metadata, attributes, created_at, updated_at'

/** All or none, in one statement; in the order they were given. */
const INSERT = `
  insert into image (dataset_id, key, width, height, metadata, attributes)
  select $1, key, width, height, coalesce(metadata, '{}'), coalesce(attributes, '{}')
  from rows from (jsonb_to_recordset($2) as (key text, width integer, height integer, metadata jsonb, attributes jsonb))
    with ordinality as given (key, width, height, metadata, attributes, place)
  order by place
  returning ${COLUMNS}`

const upload = (
  database: Database,
  datasetId: number,
  images: readonly NewImage[],
): Promise<ImageResource[]> =>
  database.transaction(async ({ query }) => {
    // holds off a deletion of the dataset until the images are there
    const datasets = await query('select id from dataset where id = $1 and deleted_at is null for share', [
      datasetId,
    ])
    found(datasets, 'dataset', datasetId)
    const rows = await query<ImageResource>(INSERT, [datasetId, JSON.stringify(images)])
    return rows.sort((a, b) => a.id - b.id)
  })

const schema = { params: idParameters }

export const imageRoutes = (app: FastifyInstance, database: Database): void => {
  uploadRoutes(app, database)
  changeRoutes(app, database)
}

const uploadRoutes = (app: FastifyInstance, database: Database): void => {
  app.post<ById & { Body: NewImage }>(
    '/v1/datasets/:id/images',
    { schema: { ...schema, body: uploadOne } },
    async ({ params, body }, reply) => reply.code(201).send((await upload(database, params.id, [body]))[0]),
  )

  app.post<ById & { Body: { readonly images: readonly NewImage[] } }>(
    '/v1/datasets/:id/images/batch',
    { schema: { ...schema, body: uploadMany } },
    async ({ params, body }, reply) =>
      reply.code(201).send({ images: await upload(database, params.id, body.images) }),
  )
}

const changeRoutes = (app: FastifyInstance, database: Database): void => {
  app.get<ById>('/v1/images/:id', { schema }, async ({ params: { id } }) =>
    found(
      await database.query<ImageResource>(
        `select ${COLUMNS} from image where id = $1 and deleted_at is null`,
        [id],
      ),
      'image',
      id,
    ),
  )

  app.patch<ById & { Body: ImageChange }>(
    '/v1/images/:id',
    { schema: { ...schema, body: imageChange } },
    async ({ params: { id }, body }) =>
      found(
        await database.query<ImageResource>(
          `update image set width = coalesce($2, width), height = coalesce($3, height),
             metadata = coalesce($4, metadata), attributes = coalesce($5, attributes), updated_at = now()
           where id = $1 and deleted_at is null returning ${COLUMNS}`,
          [id, body.width, body.height, body.metadata, body.attributes],
        ),
        'image',
        id,
      ),
  )

  // merged in the database: two who add at the same time both keep what they added
  app.post<ById & { Body: Metadata }>(
    '/v1/images/:id/metadata',
    { schema: { ...schema, body: metadataToAdd } },
    async ({ params: { id }, body }) =>
      found(
        await database.query<ImageResource>(
          `update image set metadata = metadata || $2::jsonb, updated_at = now()
           where id = $1 and deleted_at is null returning ${COLUMNS}`,
          [id, JSON.stringify(body)],
        ),
        'image',
        id,
      ),
  )

  app.delete<ById>('/v1/images/:id', { schema }, async ({ params: { id } }, reply) => {
    const rows = await database.query(
      'update image set deleted_at = now(), updated_at = now() where id = $1 and deleted_at is null returning id',
      [id],
    )
    found(rows, 'image', id)
    return reply.code(204).send()
  })
}
