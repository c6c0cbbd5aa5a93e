import { MAX_BATCH } from '../api/resources.ts'

/** One request after the other, each with as many items as the server takes. */
export const inBatches = async <T, R>(
  items: readonly T[],
  send: (batch: readonly T[]) => Promise<readonly R[]>,
): Promise<readonly R[]> => {
  const results: R[] = []
  for (let at = 0; at < items.length; at += MAX_BATCH) {
    results.push(...(await send(items.slice(at, at + MAX_BATCH))))
  }
  return results
}
