import { describe, expect, it } from '@jest/globals'
import { RelationTracker } from './relation.ts'

const described = (...names: readonly string[]) => ({
  fingerprint: BigInt(names.length),
  schema: 'public',
  table: 'author',
  oid: 7,
  replicaIdentity: 'd',
  columns: names.map(name => ({ name, typeOid: 25, typeModifier: -1, key: name === 'id' })),
})

const tracker = () =>
  new RelationTracker({
    tables: [{ schema: 'public', name: 'author', keyColumns: ['id'], columns: ['id', 'name', 'born'] }],
  })

describe('a table that is described anew', () => {
  it('may have more columns than the contract', () => {
    expect(tracker().describe(described('id', 'name', 'born', 'note')).keyIndexes).toEqual([0])
  })

  it('stops when the replica identity does not contain the key any more', () => {
    const relations = tracker()
    const columns = described('id', 'name', 'born').columns
    const identity = (replicaIdentity: string, ...keys: readonly string[]) => ({
      ...described('id', 'name', 'born'),
      fingerprint: BigInt(keys.length),
      replicaIdentity,
      columns: columns.map(column => ({ ...column, key: keys.includes(column.name) })),
    })
    relations.describe(identity('i', 'born', 'id'))
    relations.describe(identity('f', 'id', 'name', 'born'))
    expect(() => relations.describe(identity('i', 'name'))).toThrow(
      expect.objectContaining({
        code: 'capture.key_missing',
        message: expect.stringContaining('the replica identity does not contain "id"'),
      }),
    )
  })

  it('stops when a column of the contract was renamed or dropped: it would read as null', () => {
    const relations = tracker()
    relations.describe(described('id', 'name', 'born', 'note'))
    expect(() => relations.describe(described('id', 'name', 'birth_year'))).toThrow(
      expect.objectContaining({
        code: 'capture.column_missing',
        message: expect.stringContaining('the contract has "born", which is not among the published columns'),
      }),
    )
  })
})
