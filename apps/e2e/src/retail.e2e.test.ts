import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { RETAIL_VIEWS, type RetailRows } from '@headrace/example-retail'
import { type Chain, DEV_START_MS, startChain } from './chain.ts'
import { retailShop } from './examples.ts'

const CUSTOMERS = 150

describe('a shop: composite keys, trees, links, three levels', () => {
  let chain: Chain<RetailRows>
  beforeAll(async () => {
    chain = await startChain(retailShop, { prefix: 'retail', size: CUSTOMERS })
  }, DEV_START_MS)
  afterAll(async () => {
    await chain?.stop()
  }, DEV_START_MS)

  it('loads what was there before', async () => {
    for (const view of RETAIL_VIEWS) {
      const { compared, differences } = await chain.waitUntilEqual(view)
      expect({ view, differences: differences.slice(0, 5) }).toEqual({ view, differences: [] })
      expect(compared).toBeGreaterThan(0)
    }
  }, 120_000)
})
