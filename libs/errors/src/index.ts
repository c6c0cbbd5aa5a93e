export { type Actor, type CatalogueEntry, type Recovery } from './catalogue-entry.ts'
export { catalogue, type ErrorCode } from './catalogue.ts'
export { codeOf, HeadraceError, unreachable, type ErrorDetails } from './headrace-error.ts'
export { backoffDelay, retryPolicy, type BackoffOptions } from './retry-policy.ts'
