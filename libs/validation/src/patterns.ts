import { RE2JS } from 're2js'

/** Finds a pattern anywhere in a text; linear time whatever the text is (04 K6). */
export type PatternMatcher = (text: string) => boolean

export const compilePattern = (pattern: string): PatternMatcher => {
  const compiled = RE2JS.compile(pattern)
  return text => compiled.matcher(text).find()
}

/** What is wrong with a pattern; undefined when it is RE2 syntax. */
export const checkPattern = (pattern: string): string | undefined => {
  try {
    compilePattern(pattern)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
