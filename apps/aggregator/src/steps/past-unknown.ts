import { HeadraceError } from '@headrace/errors'
import type { ViewInputs } from './view-inputs.ts'

/** Nothing is made from half a past. */
export const pastUnknown = ({ view }: ViewInputs, what: string): HeadraceError =>
  new HeadraceError('aggregate.past_unknown', what, {
    where: `view ${view}`,
    hint: `Stop the aggregators, run \`headrace view rebuild ${view} --pipeline DIR --kafka BROKERS\`, and start them again: all documents are made anew from the validated topics, and searches see the old ones until that is done.`,
  })
