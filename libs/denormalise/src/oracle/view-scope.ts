import { HeadraceError } from '@headrace/errors'
import type { NodeDefinition } from '../view-definition.ts'
import type { ColumnSql } from './column-sql.ts'
import { documentKeySql } from './document-key.ts'
import { quoteIdentifier, quoteLiteral } from './sql-text.ts'

/** Where a dataset's rows are. */
export interface OracleTable {
  readonly schema: string
  readonly name: string
  /** Column of each field; a field that is not named has a column of its own name. */
  readonly columns?: ReadonlyMap<string, string>
  /** Record keys of rows that are taken as not there. */
  readonly without?: readonly string[]
}

/** What the parts of one statement share: tables, fresh aliases, and which of the two forms it takes. */
export class StatementScope {
  /**
   * `each`: lists are looked up for every row (for some keys, indexes help). `all`: every table is read once and grouped by
   * its foreign key (for whole tables: needs no index).
   */
  readonly form: 'each' | 'all'
  private readonly tables: ReadonlyMap<string, OracleTable>
  private aliases = 0

  constructor(form: 'each' | 'all', tables: ReadonlyMap<string, OracleTable>) {
    this.form = form
    this.tables = tables
  }

  alias(letter: string): string {
    return `${letter}${this.aliases++}`
  }

  /** A node's table under a fresh alias. */
  open(node: NodeDefinition): OpenTable {
    const table = this.tables.get(node.dataset)
    if (table === undefined)
      throw new HeadraceError('internal.bug', `no table is known for dataset ${node.dataset}`)
    return new OpenTable(node, table, this.alias('t'))
  }
}

/** A table in a FROM clause. */
export class OpenTable {
  readonly node: NodeDefinition
  readonly alias: string
  /** `"schema"."table" t1`, or what is left of it. */
  readonly from: string
  private readonly table: OracleTable

  constructor(node: NodeDefinition, table: OracleTable, alias: string) {
    this.node = node
    this.table = table
    this.alias = alias
    const all = `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)} ${alias}`
    this.from = table.without?.length
      ? `(select * from ${all} where ${this.keep(table.without)}) ${alias}`
      : all
  }

  column(field: string): ColumnSql {
    const type = this.node.columns[field]
    if (type === undefined) {
      throw new HeadraceError('internal.bug', `dataset ${this.node.dataset} has no column ${field}`)
    }
    return { sql: `${this.alias}.${quoteIdentifier(this.table.columns?.get(field) ?? field)}`, type }
  }

  private keep(without: readonly string[]): string {
    // no text of Postgres holds a zero character, so such a key has no row
    const keys = without.filter(key => !key.includes('\u0000')).map(quoteLiteral)
    return keys.length === 0 ? 'true' : `${documentKeySql(this.primaryKey)} not in (${keys.join(', ')})`
  }

  get primaryKey(): readonly ColumnSql[] {
    return this.node.primaryKey.map(field => this.column(field))
  }
}
