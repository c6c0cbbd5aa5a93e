import type { FastifyInstance } from '@headrace/http'
import type { ViewBook } from '../adapters/view-book.ts'

/** `GET /v1/views` and `GET /v1/views/{view}`: what there is to search, with fields and types. */
export const viewRoutes = (server: FastifyInstance, views: ViewBook): void => {
  server.get('/v1/views', async () => ({ views: views.names.map(name => ({ name })) }))
  server.get<{ Params: { view: string } }>('/v1/views/:view', async ({ params }) => {
    const view = views.find(params.view)
    return { name: view.name, plan: view.plan, fields: views.fields(view.shape) }
  })
}
