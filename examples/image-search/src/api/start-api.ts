import { buildApi } from './build-api.ts'
import type { ApiConfig } from './config.ts'
import { openDatabase } from './database.ts'
import { migrate } from './migrate.ts'

export interface RunningApi {
  readonly url: string
  /** Answers what has begun, then ends. */
  stop(): Promise<void>
}

/** Migrates and listens. */
export const startApi = async (
  { databaseUrl, host, port }: ApiConfig,
  options: { readonly log?: boolean } = {},
): Promise<RunningApi> => {
  const database = openDatabase(databaseUrl)
  try {
    await migrate(database)
    const app = buildApi(database, options)
    const url = await app.listen({ host, port })
    return {
      url,
      stop: async () => {
        await app.close()
        await database.close()
      },
    }
  } catch (error) {
    await database.close()
    throw error
  }
}
