export { type ErrorBody, type HttpServer, httpServer, type HttpServerOptions } from './server.ts'
export type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
