import { startStack } from '@headrace/local-stack'
import { createDatabase, type TestDatabase } from '@headrace/testkit'
import { startApi } from '../api/start-api.ts'
import type { Screen } from '../screen/screen.ts'
import type { Stopper } from './stopper.ts'

export interface Application {
  /** Address of the dataset API. */
  readonly url: string
  readonly database: TestDatabase
}

/** Postgres, unless the environment names one, and the dataset API with migrated tables in a database of its own. */
export const startApplication = async (
  screen: Screen,
  stopper: Stopper,
  signal: AbortSignal,
): Promise<Application> => {
  const stack = await startStack({
    services: ['postgres'],
    ephemeral: true,
    progress: (subject, text) => screen.note(`· ${subject}: ${text}`),
    signal,
  })
  stopper.add(() => stack.stop())
  const database = await createDatabase('image_search', stack.postgresUrl)
  stopper.add(() => database.drop())
  const api = await startApi({ databaseUrl: database.url, host: '127.0.0.1', port: 0 })
  stopper.add(() => api.stop())
  screen.note(`· dataset API: ready at ${api.url}`)
  return { url: api.url, database }
}
