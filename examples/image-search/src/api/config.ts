export interface ApiConfig {
  readonly databaseUrl: string
  readonly host: string
  readonly port: number
}

/** DATABASE_URL, HOST (default 127.0.0.1), PORT (default 9500). */
export const readApiConfig = (env: Readonly<Record<string, string | undefined>> = process.env): ApiConfig => {
  const databaseUrl = env['DATABASE_URL'] ?? ''
  if (databaseUrl === '')
    throw new Error('DATABASE_URL is not set: postgres://user:password@host:port/database')
  const port = Number(env['PORT'] ?? '9500')
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`PORT is ${env['PORT']}: no port number`)
  return { databaseUrl, host: env['HOST'] ?? '127.0.0.1', port }
}
