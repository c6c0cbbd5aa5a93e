import { randomBytes } from 'node:crypto'

/**
 * A name that no other test, run or machine uses: `<prefix>-<time>-<random>`, lower case, fit for topics, indices and
 * (with `_`) databases and slots. The prefix is cut so that Postgres' 63 bytes are enough.
 */
export const uniqueName = (prefix: string, separator: '-' | '_' = '-'): string => {
  const head = prefix
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, separator)
    .slice(0, 32)
  return [head, Date.now().toString(36), randomBytes(4).toString('hex')].join(separator)
}
