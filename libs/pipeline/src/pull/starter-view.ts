import { joinFamily } from '../views/joins.ts'
import { freeName, type PulledDataset, type PulledField } from './pulled-table.ts'

/** Rows of `child` refer to the whole primary key of `parent`. */
interface Link {
  readonly child: PulledDataset
  readonly parent: PulledDataset
  /** Field of the child for each field of the parent's key. */
  readonly on: readonly { readonly child: PulledField; readonly parent: PulledField }[]
  /** There is no foreign key: the name of a column says so. */
  readonly guessed: boolean
}

const fieldOf = (dataset: PulledDataset, column: string): PulledField | undefined =>
  dataset.fields.find(field => field.column.name === column)

const joinable = (on: Link['on']): boolean =>
  on.every(({ child, parent }) => {
    const families = [joinFamily(child.type), joinFamily(parent.type)]
    return child.notAKey === undefined && families[0] !== null && families[0] === families[1]
  })

/** A link when the columns are the parent's key and may be joined. */
const linkOf = (
  child: PulledDataset,
  parent: PulledDataset,
  pairs: readonly (readonly [child: string, parent: string])[],
  guessed: boolean,
): readonly Link[] => {
  const on = parent.key.flatMap(name => {
    const key = parent.fields.find(field => field.name === name)
    const column = pairs.find(pair => pair[1] === key?.column.name)?.[0]
    const own = column === undefined ? undefined : fieldOf(child, column)
    return key === undefined || own === undefined ? [] : [{ child: own, parent: key }]
  })
  return on.length === parent.key.length && pairs.length === on.length && joinable(on)
    ? [{ child, parent, on, guessed }]
    : []
}

const declaredLinks = (datasets: readonly PulledDataset[]): readonly Link[] =>
  datasets.flatMap(child =>
    child.table.foreignKeys.flatMap(({ columns, to, toColumns }) => {
      const parent = datasets.find(({ table }) => table.schema === to.schema && table.name === to.name)
      const pairs = columns.map((column, index) => [column, toColumns[index] ?? ''] as const)
      return parent === undefined ? [] : linkOf(child, parent, pairs, false)
    }),
  )

/** `image_id` of another table and the key `id` of `image` or `images`. */
const guessedLinks = (datasets: readonly PulledDataset[]): readonly Link[] =>
  datasets.flatMap(parent => {
    const [key] = parent.key
    if (parent.key.length !== 1 || key === undefined) return []
    const names = [parent.table.name, parent.table.name.replace(/s$/, '')].map(name => `${name}_${key}`)
    return datasets.flatMap(child => {
      const column = child.fields.find(field => names.includes(field.column.name))?.column.name
      const target = parent.fields.find(field => field.name === key)?.column.name ?? key
      return child === parent || column === undefined ? [] : linkOf(child, parent, [[column, target]], true)
    })
  })

const linksOf = (datasets: readonly PulledDataset[]): readonly Link[] => {
  const declared = declaredLinks(datasets)
  const same = (a: Link, b: Link): boolean => a.child === b.child && a.parent === b.parent
  return [...declared, ...guessedLinks(datasets).filter(link => !declared.some(other => same(link, other)))]
}

/** The table that most other tables refer to; declared references count first, then the order of names. */
const rootOf = (datasets: readonly PulledDataset[], links: readonly Link[]): PulledDataset | undefined => {
  const weight = (dataset: PulledDataset): number => {
    const own = links.filter(link => link.parent === dataset && link.child !== dataset)
    const children = (guessed: boolean): number =>
      new Set(own.filter(link => link.guessed === guessed).map(link => link.child)).size
    return children(false) * 1_000 + children(true)
  }
  return [...datasets].sort((a, b) => weight(b) - weight(a))[0]
}

/** A name as a YAML text: some words are none. */
const yamlText = (name: string): string => (/^(true|false|null)$/i.test(name) ? `"${name}"` : name)

/** What follows `fields:`. */
const wrap = (names: readonly string[], indent: string): string => {
  const texts = names.map(yamlText)
  const line = ` [${texts.join(', ')}]`
  return line.length + indent.length <= 100
    ? line
    : `\n${texts.map(text => `${indent}  - ${text}`).join('\n')}`
}

const onText = (link: Link): string =>
  `{ ${link.on.map(({ child, parent }) => `${yamlText(child.name)}: ${yamlText(parent.name)}`).join(', ')} }`

/** What a row of a link table refers to besides the root: shown as a suggestion. */
const referenceHints = (link: Link, links: readonly Link[]): readonly string[] =>
  links
    .filter(other => other.child === link.child && other !== link && other.parent !== link.parent)
    .map(({ parent, on }) => {
      const keys = on.map(pair => `${pair.parent.name}: ${pair.child.name}`).join(', ')
      const fields = parent.fields.map(field => field.name).join(', ')
      return `    # one: { ${parent.name.replaceAll('-', '_')}: { from: ${parent.name}, on: { ${keys} }, fields: [${fields}] } }`
    })

const listText = (link: Link, name: string, links: readonly Link[]): readonly string[] => {
  const refers = new Set(link.on.map(pair => pair.child.name))
  const fields = link.child.fields.map(field => field.name).filter(field => !refers.has(field))
  return [
    ...(link.guessed ? [`  # there is no foreign key: guessed from the name of the column`] : []),
    `  ${yamlText(name)}:`,
    `    from: ${yamlText(link.child.name)}`,
    `    on: ${onText(link)}`,
    ...(fields.length === 0
      ? [`    fields:${wrap([...refers], '    ')}`]
      : [`    fields:${wrap(fields, '    ')}`]),
    ...referenceHints(link, links),
  ]
}

export interface StarterView {
  readonly root: string
  readonly text: string
}

/** A view to begin with: the table most others refer to, with its children as lists and their counts. Undefined: no tables. */
export const starterView = (datasets: readonly PulledDataset[]): StarterView | undefined => {
  const links = linksOf(datasets)
  const root = rootOf(datasets, links)
  if (root === undefined) return undefined
  const taken = new Set(root.fields.map(field => field.name))
  const lists = links
    .filter(link => link.parent === root)
    .map(link => {
      const text = link.child.name.replaceAll('-', '_')
      return { link, name: freeName(taken.has(text) ? `${text}_list` : text, taken) }
    })
  const counts = freeName('counts', taken)
  const lines = [
    '# A view to begin with, made by `headrace contracts pull`. Take away what nobody searches for, then run `headrace check`.',
    `# The root is the table that most others refer to: one document for each of its rows.`,
    `view: ${yamlText(root.name)}`,
    `root: ${yamlText(root.name)}`,
    `fields:${wrap(
      root.fields.map(field => field.name),
      '',
    )}`,
    ...(lists.length === 0
      ? [
          '# lists: rows of other tables that belong to a document, by their reference to its primary key',
          '#   NAME: { from: DATASET, on: { FIELD: KEY }, fields: [...] }',
        ]
      : ['lists:', ...lists.flatMap(({ link, name }) => listText(link, name, links))]),
    ...(lists.length === 0
      ? []
      : ['aggregates:', ...lists.map(({ name }) => `  ${counts}.${name}: { count: ${yamlText(name)} }`)]),
  ]
  return { root: root.name, text: `${lines.join('\n')}\n` }
}
