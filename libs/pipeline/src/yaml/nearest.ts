/** Number of single-character edits between two words. */
const distance = (a: string, b: string): number => {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      current.push(Math.min(replaced, previous[j]! + 1, current[j - 1]! + 1))
    }
    previous = current
  }
  return previous[b.length]!
}

/** Up to three of `allowed` that somebody who wrote `name` may have meant, nearest first. */
export const nearest = (name: string, allowed: readonly string[]): readonly string[] => {
  const limit = Math.max(2, Math.floor(name.length / 2))
  return allowed
    .map(each => ({ each, edits: distance(name.toLowerCase(), each.toLowerCase()) }))
    .filter(({ each, edits }) => edits <= limit || each.includes(name) || name.includes(each))
    .sort((a, b) => a.edits - b.edits || (a.each < b.each ? -1 : 1))
    .slice(0, 3)
    .map(({ each }) => each)
}

const MOST_LISTED = 40

/** ` Did you mean "x"? Allowed: a, b, c.` */
export const suggestion = (name: string, allowed: readonly string[]): string => {
  const [best] = nearest(name, allowed)
  const meant = best === undefined ? '' : ` Did you mean "${best}"?`
  const more = allowed.length > MOST_LISTED ? `, … (${allowed.length} in all)` : ''
  return `${meant} Allowed: ${allowed.slice(0, MOST_LISTED).join(', ')}${more}.`
}
