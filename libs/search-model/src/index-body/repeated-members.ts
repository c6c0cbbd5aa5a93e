import type { JsonCursor } from '@headrace/wire'

/**
 * Text of the JSON value at the cursor, of members of one name the last alone, as Postgres' operators read it. A column of type
 * json keeps them all; Elasticsearch refuses the document.
 */
export const withoutRepeatedMembers = (cursor: JsonCursor): string => {
  const code = cursor.peek()
  if (code === 0x7b) {
    const members = new Map<string, string>()
    cursor.object(name => members.set(name, withoutRepeatedMembers(cursor)))
    cursor.closeObject()
    return `{${[...members].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`
  }
  if (code === 0x5b) {
    const elements: string[] = []
    cursor.array(() => elements.push(withoutRepeatedMembers(cursor)))
    return `[${elements.join(',')}]`
  }
  return code === 0x22 ? JSON.stringify(cursor.string()) : cursor.word()
}
