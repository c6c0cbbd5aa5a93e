/** One piece of a document's text, in order. */
export type LayoutPart<Slot> =
  | { readonly kind: 'text'; readonly bytes: Buffer }
  /** The next value of the row. */
  | { readonly kind: 'value' }
  | { readonly kind: 'slot'; readonly slot: Slot }

interface Branch<Slot> {
  readonly entries: Map<string, Branch<Slot> | { readonly leaf: LayoutPart<Slot> }>
}

/**
 * The text of an object cut into constant pieces and places to fill: first `fields` (values of the row in order), then
 * `slots` by their paths, `a.b` nesting b in a. Everything is always present, so commas are constant too.
 */
export const compileLayout = <Slot>(
  fields: readonly string[],
  slots: readonly { readonly path: readonly string[]; readonly slot: Slot }[],
): readonly LayoutPart<Slot>[] => {
  const root: Branch<Slot> = { entries: new Map() }
  for (const field of fields) root.entries.set(field, { leaf: { kind: 'value' } })
  for (const { path, slot } of slots) place(root, path, { kind: 'slot', slot })
  const parts: LayoutPart<Slot>[] = []
  render(root, parts)
  return joinTexts(parts)
}

const place = <Slot>(root: Branch<Slot>, path: readonly string[], leaf: LayoutPart<Slot>): void => {
  let branch = root
  for (const name of path.slice(0, -1)) {
    let next = branch.entries.get(name)
    if (next === undefined || 'leaf' in next) {
      next = { entries: new Map() }
      branch.entries.set(name, next)
    }
    branch = next
  }
  branch.entries.set(path[path.length - 1]!, { leaf })
}

const text = <Slot>(value: string): LayoutPart<Slot> => ({ kind: 'text', bytes: Buffer.from(value) })

const render = <Slot>(branch: Branch<Slot>, parts: LayoutPart<Slot>[]): void => {
  let separator = '{'
  for (const [name, entry] of branch.entries) {
    parts.push(text(`${separator}${JSON.stringify(name)}:`))
    if ('leaf' in entry) parts.push(entry.leaf)
    else render(entry, parts)
    separator = ','
  }
  parts.push(text(separator === '{' ? '{}' : '}'))
}

const joinTexts = <Slot>(parts: readonly LayoutPart<Slot>[]): readonly LayoutPart<Slot>[] => {
  const out: LayoutPart<Slot>[] = []
  for (const part of parts) {
    const last = out[out.length - 1]
    if (part.kind === 'text' && last?.kind === 'text') {
      out[out.length - 1] = { kind: 'text', bytes: Buffer.concat([last.bytes, part.bytes]) }
    } else {
      out.push(part)
    }
  }
  return out
}
