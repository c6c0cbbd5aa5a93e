import { HeadraceError } from '@headrace/errors'
import type { NodeDefinition } from '../view-definition.ts'
import type { ColumnSql } from './column-sql.ts'
import { quoteIdentifier } from './sql-text.ts'

/** Where a dataset's rows are. */
export interface OracleTable {
  readonly schema: string
  readonly name: string
  /** Column of each field; a field that is not named has a column of its own name. */
  readonly columns?: ReadonlyMap<string, string>
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
  /** `"schema"."table" t1` */
  readonly from: string
  private readonly table: OracleTable

  constructor(node: NodeDefinition, table: OracleTable, alias: string) {
    this.node = node
    this.table = table
    this.alias = alias
    this.from = `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)} ${alias}`
  }

  column(field: string): ColumnSql {
    const type = this.node.columns[field]
    if (type === undefined) {
      throw new HeadraceError('internal.bug', `dataset ${this.node.dataset} has no column ${field}`)
    }
    return { sql: `${this.alias}.${quoteIdentifier(this.table.columns?.get(field) ?? field)}`, type }
  }

  get primaryKey(): readonly ColumnSql[] {
    return this.node.primaryKey.map(field => this.column(field))
  }
}
