import { failure } from './failure.ts'

/**
 * Why a row cannot be shown (05 A7a): columns came as unchanged, and nobody here knows their values. Capture leaves them out
 * when the row is gone already (03 C9c), so the next record of its key puts it right. Named are columns, never values.
 */
export const incompleteText = (list: string, columns: readonly string[]): string =>
  failure(
    'aggregate.incomplete_row',
    `a row of list ${list} came without ${columns.join(', ')}, whose value is not known yet`,
  )
