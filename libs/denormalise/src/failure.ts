import type { ErrorCode } from '@headrace/errors'

/** Why a row or a document cannot be shown, as it stands in `error` of stubs and hop records: a code of the catalogue, then what. */
export const failure = (code: ErrorCode, words: string): string => `${code}: ${words}`
