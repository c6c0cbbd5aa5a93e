import { canonicalKeyText, type ColumnType } from '@headrace/wire'

/**
 * Key text of a column from its JSON text: what Postgres prints for the value, normalised. The JSON form differs from
 * that for quoted kinds, booleans and points in time.
 */
export const keyTextOf = ({ kind }: ColumnType, json: string): string => {
  switch (kind) {
    case 'int16':
    case 'int32':
    case 'int64':
      return json
    case 'boolean':
      return json === 'true' ? 't' : 'f'
    case 'decimal':
    case 'float32':
    case 'float64':
      return canonicalKeyText('numeric', unquoted(json))
    case 'timestamp':
      return unquoted(json).replace('T', ' ')
    case 'timestamptz':
      return unquoted(json).replace('T', ' ').replace('+00:00', '+00')
    case 'json':
      return json
    case 'text':
    case 'uuid':
    case 'bytes':
    case 'date':
    case 'time':
      return unquoted(json)
  }
}

/** The text of a JSON string; anything else as it is. */
export const unquoted = (json: string): string => {
  if (!json.startsWith('"')) return json
  return json.includes('\\') ? (JSON.parse(json) as string) : json.slice(1, -1)
}
