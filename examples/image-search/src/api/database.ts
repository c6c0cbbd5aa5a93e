import pg from 'pg'

/** What routes need: statements, each alone or several in one transaction. */
export interface Database {
  query<Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<Row[]>
  transaction<T>(use: (database: Omit<Database, 'close' | 'transaction'>) => Promise<T>): Promise<T>
  close(): Promise<void>
}

// our ids come from a sequence: they stay far below 2^53; other 64-bit numbers are not read
const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === Number(pg.types.builtins.INT8) ? Number : pg.types.getTypeParser(oid, format as 'text'),
} as pg.CustomTypesConfig

export const openDatabase = (url: string): Database => {
  const pool = new pg.Pool({ connectionString: url, max: 10, types })
  // an idle connection that breaks is replaced by the next query
  pool.on('error', () => undefined)
  const on =
    (target: pg.Pool | pg.PoolClient): Database['query'] =>
    async <Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []) =>
      (await target.query<Row>(sql, [...values])).rows
  return {
    query: on(pool),
    transaction: async use => {
      const client = await pool.connect()
      let broken: Error | undefined
      try {
        await client.query('begin')
        const result = await use({ query: on(client) })
        await client.query('commit')
        return result
      } catch (error) {
        await client.query('rollback').catch((rollback: Error) => (broken = rollback))
        throw error
      } finally {
        client.release(broken)
      }
    },
    close: () => pool.end(),
  }
}
