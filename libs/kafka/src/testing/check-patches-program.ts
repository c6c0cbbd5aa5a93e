import { checkPatches } from './check-patches.ts'

process.stdout.write(JSON.stringify(checkPatches()))
