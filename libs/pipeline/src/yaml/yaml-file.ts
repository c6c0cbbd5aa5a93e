import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
} from 'yaml'
import type { Problem } from '../pipeline.ts'

export type YamlPath = readonly (string | number)[]

/** A parsed YAML file that knows where everything stands. */
export interface YamlFile {
  readonly file: string
  /** Plain values; undefined when the text is no YAML. A key that is there twice is a problem, its last value counts. */
  readonly value: unknown
  readonly problems: readonly Problem[]
  /** A problem at the value of a path, or at the nearest thing above it that is there. */
  problem(path: YamlPath, message: string): Problem
  /** A problem at a key of the mapping at `path`. */
  problemAtKey(path: YamlPath, key: string, message: string): Problem
  /** A scalar as it was written: exact digits of a number. */
  sourceText(path: YamlPath): string | undefined
}

const keyText = (key: unknown): string | undefined => (isScalar(key) ? String(key.value) : undefined)

const resolved = (document: Document, node: unknown): unknown =>
  isAlias(node) ? node.resolve(document) : node

/** The node at a path; aliases on the way are followed, one at its end is not. */
const nodeAt = (document: Document, path: YamlPath): Node | undefined => {
  let node: unknown = document.contents
  for (const step of path) {
    const holder = resolved(document, node)
    if (isMap(holder)) node = holder.items.find(pair => keyText(pair.key) === String(step))?.value
    else if (isSeq(holder) && typeof step === 'number') node = holder.items[step]
    else return undefined
  }
  return isNode(node) ? node : undefined
}

const offsetOf = (document: Document, path: YamlPath): number => {
  for (let length = path.length; length > 0; length--) {
    const node = nodeAt(document, path.slice(0, length))
    if (node?.range) return node.range[0]
  }
  return document.contents?.range?.[0] ?? 0
}

const keyOffset = (document: Document, path: YamlPath, key: string): number => {
  const node = resolved(document, nodeAt(document, path))
  const found = isMap(node) ? node.items.find(pair => keyText(pair.key) === key)?.key : undefined
  return (isNode(found) ? found.range?.[0] : undefined) ?? offsetOf(document, path)
}

interface Plain {
  readonly value?: unknown
  readonly mistake?: string
}

/** A mapping with this key would lose it in JavaScript: it is refused wherever it stands. */
const LOST_KEY = '__proto__'

const findLostKey = (value: unknown, above: ReadonlySet<unknown>, path: YamlPath): YamlPath | undefined => {
  if (typeof value !== 'object' || value === null) return undefined
  if (above.has(value)) throw new RangeError('an alias stands inside of what it names')
  const inside = new Set(above).add(value)
  for (const [key, each] of Object.entries(value)) {
    const at = [...path, Array.isArray(value) ? Number(key) : key]
    const found = key === LOST_KEY ? at : findLostKey(each, inside, at)
    if (found !== undefined) return found
  }
  return undefined
}

/** Unknown, endless and exploding aliases are mistakes, not exceptions. */
const plainValue = (document: Document): Plain => {
  try {
    return { value: document.toJS() as unknown }
  } catch (error) {
    return { mistake: error instanceof Error ? error.message : String(error) }
  }
}

const parseText = (text: string, lines: LineCounter): Document | string => {
  try {
    return parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: true,
      logLevel: 'silent',
    })
  } catch (error) {
    // nesting deeper than the stack
    return error instanceof Error ? error.message : String(error)
  }
}

export const parseYaml = (file: string, text: string): YamlFile => {
  const lines = new LineCounter()
  const parsed = parseText(text, lines)
  const document = typeof parsed === 'string' ? parseDocument('') : parsed
  const at = (offset: number, message: string): Problem => {
    const { line, col } = lines.linePos(Math.min(offset, text.length))
    return { file, line: Math.max(line, 1), column: Math.max(col, 1), message }
  }
  const problems = document.errors.map(error => at(error.pos[0], `not valid YAML: ${error.message}`))
  if (typeof parsed === 'string') problems.push(at(0, `not valid YAML: ${parsed}`))
  const readable = typeof parsed !== 'string' && document.errors.every(({ code }) => code === 'DUPLICATE_KEY')
  const { value, mistake } = readable ? checkedValue(document) : {}
  if (mistake !== undefined) problems.push(at(mistake.offset, mistake.message))
  return {
    file,
    value,
    problems,
    problem: (path, message) => at(offsetOf(document, path), message),
    problemAtKey: (path, key, message) => at(keyOffset(document, path, key), message),
    sourceText: path => {
      const node = resolved(document, nodeAt(document, path))
      return isScalar(node) ? (node.source ?? String(node.value)) : undefined
    },
  }
}

interface Checked {
  readonly value?: unknown
  readonly mistake?: { readonly offset: number; readonly message: string }
}

const checkedValue = (document: Document): Checked => {
  const { value, mistake } = plainValue(document)
  if (mistake !== undefined) return { mistake: { offset: 0, message: `not valid YAML: ${mistake}` } }
  try {
    const lost = findLostKey(value, new Set(), [])
    if (lost === undefined) return { value }
    const offset = keyOffset(document, lost.slice(0, -1), LOST_KEY)
    return { mistake: { offset, message: `"${LOST_KEY}" cannot be a name here` } }
  } catch (error) {
    return { mistake: { offset: 0, message: `not valid YAML: ${(error as Error).message}` } }
  }
}
