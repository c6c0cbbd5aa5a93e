import { resolve } from 'node:path'

/** Folder of the checkout. */
export const workspaceRoot = resolve(import.meta.dirname, '../../..')
