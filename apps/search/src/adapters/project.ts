import { JsonCursor } from '@headrace/wire'

/** The document with only these top-level members, their texts untouched. */
export const project = (source: string, fields: ReadonlySet<string>): string => {
  const cursor = new JsonCursor(source)
  const kept: string[] = []
  cursor.object(name => {
    cursor.skipSpace()
    const start = cursor.at
    cursor.skipValue()
    if (fields.has(name)) kept.push(`${JSON.stringify(name)}:${source.slice(start, cursor.at)}`)
  })
  return `{${kept.join(',')}}`
}
