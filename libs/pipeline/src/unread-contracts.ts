import { splitTable } from './contracts/compile-contract.ts'
import type { YamlFile } from './yaml/yaml-file.ts'

/** Datasets and tables of contracts that are wrong: whoever names one of them makes no mistake of his own. */
export interface UnreadContracts {
  readonly datasets: ReadonlySet<string>
  /** As schema.table. */
  readonly tables: ReadonlySet<string>
  /** A file does not even tell what is in it: any name may be meant. */
  readonly any: boolean
}

export const isUnread = ({ any, datasets }: UnreadContracts, dataset: string): boolean =>
  any || datasets.has(dataset)

export const isUnreadTable = ({ any, tables }: UnreadContracts, table: string): boolean =>
  any || tables.has(table)

const textAt = (value: unknown, key: string): string | undefined => {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  const text = (value as Readonly<Record<string, unknown>>)[key]
  return typeof text === 'string' ? text : undefined
}

const schemaOf = (value: unknown): readonly unknown[] | undefined => {
  if (typeof value !== 'object' || value === null || !('schema' in value)) return undefined
  return Array.isArray(value.schema) ? (value.schema as readonly unknown[]) : undefined
}

/** A wrong file, or one of which a dataset is wrong: those of which `isUnread` says so. */
export interface WrongFile {
  readonly file: YamlFile
  isUnread(index: number): boolean
}

/** What wrong files hold, as far as it can be told. `strangers`: files of the folder that were not read at all. */
export const unreadContracts = (files: readonly WrongFile[], strangers: boolean): UnreadContracts => {
  const datasets = new Set<string>()
  const tables = new Set<string>()
  let any = strangers
  for (const { file, isUnread: wrong } of files) {
    const schema = schemaOf(file.value)
    if (schema === undefined) any = true
    for (const [index, object] of (schema ?? []).entries()) {
      if (!wrong(index)) continue
      const name = textAt(object, 'name')
      const table = textAt(object, 'physicalName') ?? name
      if (name === undefined || table === undefined) any = true
      else {
        const { schema: space, name: plain } = splitTable(table)
        datasets.add(name)
        tables.add(`${space}.${plain}`)
      }
    }
  }
  return { datasets, tables, any }
}
