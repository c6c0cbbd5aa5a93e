import type { Problem } from './pipeline.ts'

const compare = (a: Problem, b: Problem): number =>
  a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1

/** By file, line and column; the same mistake once. */
export const sortProblems = (problems: readonly Problem[]): readonly Problem[] => {
  const seen = new Set<string>()
  return [...problems].sort(compare).filter(problem => {
    const text = formatProblem(problem)
    return seen.has(text) ? false : seen.add(text)
  })
}

/** `views/x.view.yaml:3:5: message`. */
export const formatProblem = ({ file, line, column, message }: Problem): string =>
  `${file}:${line}:${column}: ${message}`

export const describeProblems = (problems: readonly Problem[]): string => {
  const sorted = sortProblems(problems)
  const head = sorted.length === 1 ? 'one mistake' : `${sorted.length} mistakes`
  return [`${head} in the pipeline folder`, ...sorted.map(problem => `  ${formatProblem(problem)}`)].join(
    '\n',
  )
}
