export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A literal that means the same whatever standard_conforming_strings is. */
export const quoteLiteral = (text: string): string => {
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`
  return text.includes('\\') ? ` E${quoted}` : quoted
}

/** Every line of a text moved in by two spaces. */
export const indent = (text: string): string => text.replaceAll(/^/gm, '  ')

/** A function takes at most 100 arguments. */
const MAX_PAIRS = 50

/** JSON object of names and SQL expressions. */
export const jsonObject = (pairs: readonly (readonly [name: string, sql: string])[]): string => {
  if (pairs.length <= MAX_PAIRS) {
    return `json_build_object(${pairs.map(([name, sql]) => `${quoteLiteral(name)}, ${sql}`).join(', ')})`
  }
  const rows = pairs.map(([name, sql]) => `(${quoteLiteral(name)}, to_json(${sql}))`)
  return `(select json_object_agg(e.k, e.v) from (values ${rows.join(', ')}) e(k, v))`
}
