import type { JsonCursor } from '@headrace/wire'
import { booleanCode, LEAF, MAX_LEAF_PATH, numericCode, ROOT_KEY, textCode } from './leaf-code.ts'
import { survivesFiltering } from './survives.ts'

/** Codes of the leaves of one JSON value, by path. */
export type Leaves = Map<string, Set<string>>

const add = (leaves: Leaves, path: string, code: string): void => {
  // a zero byte ends the path inside Elasticsearch's term
  if (path.length > MAX_LEAF_PATH || path.includes('\0')) return
  const key = path === '' ? ROOT_KEY : path
  const codes = leaves.get(key)
  if (codes === undefined) leaves.set(key, new Set([code]))
  else codes.add(code)
}

/**
 * Reads one JSON value and adds its leaves: members by `path.name`, elements of arrays under the path of their array.
 * Returns whether all its numbers survive in a filtered `_source`.
 */
export const readLeaves = (cursor: JsonCursor, path: string, leaves: Leaves): boolean => {
  const code = cursor.peek()
  let survives = true
  if (code === 0x7b) {
    add(leaves, path, LEAF.object)
    cursor.object(name => {
      if (!readLeaves(cursor, path === '' ? name : `${path}.${name}`, leaves)) survives = false
    })
    cursor.closeObject()
  } else if (code === 0x5b) {
    add(leaves, path, LEAF.object)
    cursor.array(() => {
      if (!readLeaves(cursor, path, leaves)) survives = false
    })
  } else if (code === 0x22) {
    add(leaves, path, textCode(cursor.string()))
  } else {
    survives = readWord(cursor.word(), path, leaves)
  }
  return survives
}

const readWord = (word: string, path: string, leaves: Leaves): boolean => {
  if (word === 'null') return true
  if (word === 'true' || word === 'false') {
    add(leaves, path, booleanCode(word === 'true'))
    return true
  }
  add(leaves, path, numericCode(Number(word)))
  return survivesFiltering(word)
}
