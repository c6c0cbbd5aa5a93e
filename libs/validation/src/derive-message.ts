import type { MessageSchema } from '@headrace/wire'
import type { Contract } from './contract.ts'

/** The typed message of a contract (04 K2). Equal contracts give equal schema ids in every cluster. */
export const deriveMessage = (contract: Contract): MessageSchema => {
  throw new Error(`not written yet: ${contract.id}`)
}
