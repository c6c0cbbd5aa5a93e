import type { JsonCursor } from '@headrace/wire'
import { booleanCode, LEAF, MAX_LEAF_PATH, numericCode, ROOT_KEY, textCode } from './leaf-code.ts'
import { survivesFiltering } from './survives.ts'

/** What one JSON value has in it. */
export interface Leaves {
  /** Codes of the leaves, by path. */
  readonly codes: Map<string, Set<string>>
  /** Whether all its numbers survive in a filtered `_source`. */
  survives: boolean
  /** Whether an object has two members of one name, which Elasticsearch refuses. */
  repeats: boolean
}

const add = ({ codes: leaves }: Leaves, path: string, code: string): void => {
  // a zero byte ends the path inside Elasticsearch's term
  if (path.length > MAX_LEAF_PATH || path.includes('\0')) return
  const key = path === '' ? ROOT_KEY : path
  const codes = leaves.get(key)
  if (codes === undefined) leaves.set(key, new Set([code]))
  else codes.add(code)
}

const readInto = (cursor: JsonCursor, path: string, leaves: Leaves): void => {
  const code = cursor.peek()
  if (code === 0x7b) {
    add(leaves, path, LEAF.object)
    const names = new Set<string>()
    let members = 0
    cursor.object(name => {
      members++
      names.add(name)
      readInto(cursor, path === '' ? name : `${path}.${name}`, leaves)
    })
    cursor.closeObject()
    if (names.size < members) leaves.repeats = true
  } else if (code === 0x5b) {
    add(leaves, path, LEAF.object)
    cursor.array(() => readInto(cursor, path, leaves))
  } else if (code === 0x22) {
    add(leaves, path, textCode(cursor.string()))
  } else {
    readWord(cursor.word(), path, leaves)
  }
}

const readWord = (word: string, path: string, leaves: Leaves): void => {
  if (word === 'null') return
  if (word === 'true' || word === 'false') return add(leaves, path, booleanCode(word === 'true'))
  add(leaves, path, numericCode(Number(word)))
  if (!survivesFiltering(word)) leaves.survives = false
}

/** Reads one JSON value: members by `path.name`, elements of arrays under the path of their array. */
export const readLeaves = (cursor: JsonCursor): Leaves => {
  const leaves: Leaves = { codes: new Map(), survives: true, repeats: false }
  readInto(cursor, '', leaves)
  return leaves
}
