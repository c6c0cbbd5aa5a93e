import { readApiConfig } from './config.ts'
import { startApi } from './start-api.ts'

const api = await startApi(readApiConfig(), { log: true })
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void api.stop())
