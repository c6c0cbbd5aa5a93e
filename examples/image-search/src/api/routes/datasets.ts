import type { FastifyInstance } from 'fastify'
import { found } from '../api-error.ts'
import type { Database } from '../database.ts'
import type { DatasetResource, NewDataset } from '../resources.ts'
import { idParameters, newDataset } from '../schemas.ts'
import type { ById } from './requests.ts'

const COLUMNS = 'id, name, description, created_at, updated_at'

export const datasetRoutes = (app: FastifyInstance, database: Database): void => {
  app.post<{ Body: NewDataset }>(
    '/v1/datasets',
    { schema: { body: newDataset } },
    async ({ body }, reply) => {
      const rows = await database.query<DatasetResource>(
        `insert into dataset (name, description) values ($1, $2) returning ${COLUMNS}`,
        [body.name, body.description ?? null],
      )
      return reply.code(201).send(rows[0])
    },
  )

  app.get('/v1/datasets', async () => ({
    datasets: await database.query<DatasetResource>(
      `select ${COLUMNS} from dataset where deleted_at is null order by id limit 1000`,
    ),
  }))

  app.get<ById>('/v1/datasets/:id', { schema: { params: idParameters } }, async ({ params: { id } }) =>
    found(
      await database.query<DatasetResource>(
        `select ${COLUMNS} from dataset where id = $1 and deleted_at is null`,
        [id],
      ),
      'dataset',
      id,
    ),
  )

  app.delete<ById>(
    '/v1/datasets/:id',
    { schema: { params: idParameters } },
    async ({ params: { id } }, reply) => {
      await database.transaction(async ({ query }) => {
        const rows = await query(
          'update dataset set deleted_at = now(), updated_at = now() where id = $1 and deleted_at is null returning id',
          [id],
        )
        found(rows, 'dataset', id)
        for (const table of ['image', 'slice']) {
          await query(
            `update ${table} set deleted_at = now(), updated_at = now() where dataset_id = $1 and deleted_at is null`,
            [id],
          )
        }
      })
      return reply.code(204).send()
    },
  )
}
