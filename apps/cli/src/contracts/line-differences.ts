const MOST_SHOWN = 8

const without = (lines: readonly string[], others: readonly string[]): readonly string[] => {
  const left = new Map<string, number>()
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1)
  return lines.filter(line => {
    const count = left.get(line) ?? 0
    if (count > 0) left.set(line, count - 1)
    return count === 0 && line.trim() !== ''
  })
}

/** Lines that only one of two texts has: `- ` is in the file, `+ ` would be written. A few of each; where they stand is not told. */
export const lineDifferences = (file: string, fresh: string): readonly string[] => {
  const [before, after] = [file.split('\n'), fresh.split('\n')]
  return [['-', without(before, after)] as const, ['+', without(after, before)] as const].flatMap(
    ([sign, lines]) => [
      ...lines.slice(0, MOST_SHOWN).map(line => `${sign} ${line}`),
      ...(lines.length > MOST_SHOWN ? [`${sign} … ${lines.length - MOST_SHOWN} more lines`] : []),
    ],
  )
}
