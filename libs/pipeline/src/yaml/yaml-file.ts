import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml'
import type { Problem } from '../pipeline.ts'

export type YamlPath = readonly (string | number)[]

/** A parsed YAML file that knows where everything stands. */
export interface YamlFile {
  readonly file: string
  /** Plain values; undefined when the text is no YAML. */
  readonly value: unknown
  readonly problems: readonly Problem[]
  /** A problem at the value of a path, or at the nearest thing above it that is there. */
  problem(path: YamlPath, message: string): Problem
  /** A problem at a key of the mapping at `path`. */
  problemAtKey(path: YamlPath, key: string, message: string): Problem
  /** A scalar as it was written: exact digits of a number. */
  sourceText(path: YamlPath): string | undefined
}

const offsetOf = (document: Document, path: YamlPath): number => {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return document.contents?.range?.[0] ?? 0
}

const keyOffset = (document: Document, path: YamlPath, key: string): number => {
  const node = path.length === 0 ? document.contents : document.getIn(path, true)
  if (isMap(node)) {
    for (const pair of node.items) {
      if (isScalar(pair.key) && String(pair.key.value) === key && pair.key.range) return pair.key.range[0]
    }
  }
  return offsetOf(document, path)
}

export const parseYaml = (file: string, text: string): YamlFile => {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const at = (offset: number, message: string): Problem => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(line, 1), column: Math.max(col, 1), message }
  }
  const problems = document.errors.map(error => at(error.pos[0], `not valid YAML: ${error.message}`))
  return {
    file,
    value: problems.length > 0 ? undefined : (document.toJS() as unknown),
    problems,
    problem: (path, message) => at(offsetOf(document, path), message),
    problemAtKey: (path, key, message) => at(keyOffset(document, path, key), message),
    sourceText: path => {
      const node = document.getIn(path, true)
      return isScalar(node) ? (node.source ?? String(node.value)) : undefined
    },
  }
}
