import type { FastifyInstance } from 'fastify'
import { found } from '../api-error.ts'
import type { Database } from '../database.ts'
import type { AnnotationChange, AnnotationResource, NewAnnotation } from '../resources.ts'
import { annotationChange, idParameters, newAnnotations } from '../schemas.ts'
import type { ById } from './requests.ts'

const COLUMNS = 'id, image_id, annotation_class, annotation_type, metadata, created_at'

const INSERT = `
  insert into annotation (image_id, annotation_class, annotation_type, metadata)
  select $1, annotation_class, annotation_type, coalesce(metadata, '{}')
  from rows from (jsonb_to_recordset($2) as (annotation_class text, annotation_type text, metadata jsonb))
    with ordinality as given (annotation_class, annotation_type, metadata, place)
  order by place
  returning ${COLUMNS}`

const LIVE_IMAGE = 'select id from image where id = $1 and deleted_at is null for share'

export const annotationRoutes = (app: FastifyInstance, database: Database): void => {
  const schema = { params: idParameters }

  app.post<ById & { Body: { readonly annotations: readonly NewAnnotation[] } }>(
    '/v1/images/:id/annotations',
    { schema: { ...schema, body: newAnnotations } },
    async ({ params: { id }, body }, reply) => {
      const annotations = await database.transaction(async ({ query }) => {
        found(await query(LIVE_IMAGE, [id]), 'image', id)
        return query<AnnotationResource>(INSERT, [id, JSON.stringify(body.annotations)])
      })
      return reply.code(201).send({ annotations: annotations.sort((a, b) => a.id - b.id) })
    },
  )

  app.get<ById>('/v1/images/:id/annotations', { schema }, async ({ params: { id } }) => ({
    annotations: await database.query<AnnotationResource>(
      `select ${COLUMNS} from annotation where image_id = $1 and deleted_at is null order by created_at, id`,
      [id],
    ),
  }))

  app.patch<ById & { Body: AnnotationChange }>(
    '/v1/annotations/:id',
    { schema: { ...schema, body: annotationChange } },
    async ({ params: { id }, body }) =>
      database.transaction(async ({ query }) => {
        if (body.image_id !== undefined)
          found(await query(LIVE_IMAGE, [body.image_id]), 'image', body.image_id)
        const rows = await query<AnnotationResource>(
          `update annotation set annotation_class = coalesce($2, annotation_class),
             annotation_type = coalesce($3, annotation_type), metadata = coalesce($4, metadata), image_id = coalesce($5, image_id)
           where id = $1 and deleted_at is null returning ${COLUMNS}`,
          [id, body.annotation_class, body.annotation_type, body.metadata, body.image_id],
        )
        return found(rows, 'annotation', id)
      }),
  )

  app.delete<ById>('/v1/annotations/:id', { schema }, async ({ params: { id } }, reply) => {
    const rows = await database.query(
      'update annotation set deleted_at = now() where id = $1 and deleted_at is null returning id',
      [id],
    )
    found(rows, 'annotation', id)
    return reply.code(204).send()
  })
}
