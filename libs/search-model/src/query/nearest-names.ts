/** Edits (insert, delete, replace, swap of neighbours) between two short texts. */
const distance = (a: string, b: string): number => {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      let best = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, before[j - 2]! + 1)
      next.push(best)
    }
    before = row
    row = next
  }
  return row[b.length]!
}

const lastName = (path: string): string => path.slice(path.lastIndexOf('.') + 1)

/** Up to three of `names` that `written` may have meant, the nearest first. Paths are compared whole and by their last name. */
export const nearestNames = (written: string, names: Iterable<string>): readonly string[] => {
  const wanted = written.toLowerCase()
  const scored = [...names].map(name => {
    const given = name.toLowerCase()
    const whole = distance(wanted, given)
    const last = distance(lastName(wanted), lastName(given)) + 0.5
    return { name, score: Math.min(whole, given.includes('.') || wanted.includes('.') ? last : whole) }
  })
  const limit = Math.max(2, wanted.length / 3)
  return scored
    .filter(({ score }) => score <= limit)
    .sort((a, b) => a.score - b.score || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map(({ name }) => name)
}
