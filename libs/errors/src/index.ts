export { catalogue, type Actor, type CatalogueEntry, type ErrorCode, type Recovery } from './catalogue.ts'
export { codeOf, HeadraceError, unreachable, type ErrorDetails } from './headrace-error.ts'
export { backoffDelay, retryPolicy, type BackoffOptions } from './retry-policy.ts'
