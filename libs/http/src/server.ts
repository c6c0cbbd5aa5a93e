import { codeOf, HeadraceError } from '@headrace/errors'
import type { Component, Health } from '@headrace/runtime'
import type { Logger, Metrics } from '@headrace/telemetry'
import { fastify, type FastifyInstance } from 'fastify'

export interface HttpServerOptions {
  /** 0 chooses a free port. */
  readonly port: number
  readonly host?: string
  readonly health: Health
  readonly metrics: Metrics
  readonly log: Logger
  /** Largest request body in bytes. */
  readonly bodyLimit?: number
  /** Adds the routes of the service. */
  readonly routes?: (server: FastifyInstance) => void
}

export interface HttpServer {
  readonly port: number
}

const STATUS_BY_RECOVERY = { reject: 400, retry: 503, restart: 500, stop: 500 } as const

const addProbes = (server: FastifyInstance, health: Health, metrics: Metrics): void => {
  const probe = (path: string, read: () => { readonly ok: boolean; readonly why: string }): void => {
    server.get(path, async (_request, reply) => {
      const { ok, why } = read()
      return reply.status(ok ? 200 : 503).send({ ok, why })
    })
  }
  probe('/livez', () => health.live)
  probe('/readyz', () => health.isReady)
  probe('/startupz', () => health.started)
  server.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.expose()),
  )
}

/** Body of every error answer. */
export interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string }
}

const addErrors = (server: FastifyInstance, log: Logger): void => {
  server.setErrorHandler((error: Error & { readonly statusCode?: number }, _request, reply) => {
    if (error instanceof HeadraceError) {
      const body: ErrorBody = {
        error: {
          code: error.code,
          message: error.message,
          ...(error.hint === undefined ? {} : { hint: error.hint }),
        },
      }
      return reply.status(STATUS_BY_RECOVERY[error.entry.recovery]).send(body)
    }
    const status = error.statusCode ?? 500
    if (status < 500)
      return reply
        .status(status)
        .send({ error: { code: 'usage.invalid', message: error.message } } satisfies ErrorBody)
    log.error({ code: codeOf(error), error: error.stack ?? error.message }, 'a request failed')
    return reply.status(500).send({
      error: { code: 'internal.bug', message: 'the request failed; the log has the details' },
    } satisfies ErrorBody)
  })
  server.setNotFoundHandler((request, reply) =>
    reply.status(404).send({
      error: {
        code: 'usage.invalid',
        message: `there is no ${request.method} ${request.url.split('?')[0] ?? ''}`,
      },
    } satisfies ErrorBody),
  )
}

/** The HTTP server of a service: its probes, its metrics and its routes, errors mapped, closed gracefully. */
export const httpServer = ({
  port,
  host = '0.0.0.0',
  health,
  metrics,
  log,
  bodyLimit = 1_048_576,
  routes,
}: HttpServerOptions): Component<HttpServer> => ({
  name: 'http',
  start: async () => {
    const server = fastify({ logger: false, bodyLimit, forceCloseConnections: 'idle' })
    addErrors(server, log)
    addProbes(server, health, metrics)
    routes?.(server)
    try {
      await server.listen({ port, host })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
        throw new HeadraceError('http.port_taken', `port ${port} is taken by another process`, {
          hint: 'Set HEADRACE_HTTP_PORT to a free port.',
          cause: error,
        })
      }
      throw error
    }
    const address = server.server.address()
    return {
      value: { port: typeof address === 'object' && address !== null ? address.port : port },
      stop: () => server.close(),
    }
  },
})
