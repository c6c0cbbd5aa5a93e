import fastify, { type FastifyInstance } from 'fastify'
import { toAnswer } from './api-error.ts'
import type { Database } from './database.ts'
import { annotationRoutes } from './routes/annotations.ts'
import { datasetRoutes } from './routes/datasets.ts'
import { imageRoutes } from './routes/images.ts'
import { sliceRoutes } from './routes/slices.ts'

/** A thousand images with their metadata. */
const BODY_LIMIT = 16 * 1024 * 1024

/** The dataset API: ordinary rows in ordinary tables. That a search index follows them is nothing it knows of. */
export const buildApi = (database: Database, options: { readonly log?: boolean } = {}): FastifyInstance => {
  const app = fastify({
    logger: options.log ?? false,
    bodyLimit: BODY_LIMIT,
    // "300" is no width
    ajv: { customOptions: { allErrors: true, coerceTypes: false, removeAdditional: false } },
  })
  app.setErrorHandler((error, request, reply) => {
    const { status, body } = toAnswer(error)
    if (status >= 500) request.log.error(error)
    return reply.code(status).send(body)
  })
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: { code: 'not_found', message: 'there is nothing at this address' } }),
  )
  app.addHook('preHandler', (request, _reply, done) => {
    const parameters = request.params as Record<string, unknown>
    for (const name of Object.keys(parameters)) parameters[name] = Number(parameters[name])
    done()
  })
  let closing = false
  app.addHook('preClose', done => {
    closing = true
    done()
  })
  // a connection that is in use when we end would be kept alive and waited for
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (closing) void reply.header('connection', 'close')
    done(null, payload)
  })
  app.get('/healthz', async () => {
    await database.query('select 1')
    return { ok: true }
  })
  datasetRoutes(app, database)
  imageRoutes(app, database)
  annotationRoutes(app, database)
  sliceRoutes(app, database)
  return app
}
