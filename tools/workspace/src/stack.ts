import { join } from 'node:path'

// `npm run stack -- start | stop | status`: the tool's own main, with the arguments as they are
await import(join(import.meta.dirname, '..', '..', 'local-stack', 'src', 'main.ts'))
