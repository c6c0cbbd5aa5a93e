import { describe, expect, it } from '@jest/globals'
import { LOCK_FILE, lockContracts } from './contracts-lock.ts'
import { inspectPipeline } from './load-pipeline.ts'
import { CHILD, FOLDER, memoryFiles } from './testing/memory-files.ts'

interface Lock {
  contracts: Record<
    string,
    { fields: Record<string, { number: number }>; retired: { name: string; number: number }[] }
  >
}

const lockOf = (child: string, before?: string): string =>
  lockContracts(
    memoryFiles({
      ...FOLDER,
      'contracts/child.odcs.yaml': child,
      ...(before === undefined ? {} : { [LOCK_FILE]: before }),
    }),
  )

const childOf = (text: string) => (JSON.parse(text) as Lock).contracts['child']!

const without = CHILD.replace(/.*name: kind.*\n/, '')

describe('W12 the lock of field numbers', () => {
  it('is the same when nothing changed', () => {
    const first = lockOf(CHILD)
    expect(lockOf(CHILD, first)).toBe(first)
  })

  it('gives a new field the next number, wherever it stands', () => {
    const text = lockOf(
      CHILD.replace('- { name: kind', '- { name: extra, physicalType: text }\n      - { name: kind'),
      lockOf(CHILD),
    )
    expect(childOf(text).fields).toMatchObject({
      kind: { number: 4 },
      gone: { number: 7 },
      extra: { number: 8 },
    })
  })

  it('never gives a number again: not to another field, not to the same one when it comes back', () => {
    const gone = lockOf(without, lockOf(CHILD))
    expect(childOf(gone)).toMatchObject({ retired: [{ name: 'kind', number: 4 }] })
    const back = childOf(lockOf(CHILD, gone))
    expect(back.fields['kind']).toMatchObject({ number: 8 })
    expect(back.retired).toMatchObject([{ name: 'kind', number: 4 }])
  })

  it('gives a field with another encoding another number, but not for what the reader does not notice', () => {
    const first = lockOf(CHILD)
    const wider = childOf(lockOf(CHILD.replace('physicalType: integer', 'physicalType: bigint'), first))
    expect(wider).toMatchObject({ fields: { n: { number: 8 } }, retired: [{ name: 'n', number: 5 }] })
    expect(
      childOf(lockOf(CHILD.replace('physicalType: integer', 'physicalType: smallint'), first)).fields['n'],
    ).toMatchObject({ number: 5 })
  })

  it('gives a field that is another column now another number: what was written under the old one is not in it', () => {
    const first = lockOf(CHILD)
    const other = CHILD.replace('{ name: n,', '{ name: n, physicalName: n2,')
    expect(other).not.toBe(CHILD)
    const moved = lockOf(other, first)
    expect(childOf(moved)).toMatchObject({
      fields: { n: { number: 8 } },
      retired: [{ name: 'n', number: 5 }],
    })
    expect(lockOf(other, moved)).toBe(moved)
  })

  it('is stale when the contracts need another, and services refuse that', () => {
    const longer = `${CHILD}      - { name: extra, physicalType: text }\n`
    const stale = memoryFiles({ ...FOLDER, 'contracts/child.odcs.yaml': longer, [LOCK_FILE]: lockOf(CHILD) })
    const { pipeline, lockStale, problems } = inspectPipeline(stale)
    expect(pipeline).toBeUndefined()
    expect(lockStale).toBe(true)
    expect(problems[0]?.message).toMatch('Run "headrace contracts lock DIR"')
  })

  it('is refused when it is none of ours', () => {
    expect(() => lockOf(CHILD, '{}')).toThrow('no lock file of version 1')
  })

  it('skips the numbers that belong to protobuf', () => {
    const first = lockOf(CHILD).replace('"number": 7', '"number": 18999')
    const text = lockOf(
      CHILD.replace('- { name: kind', '- { name: extra, physicalType: text }\n      - { name: kind'),
      first,
    )
    expect(childOf(text).fields['extra']).toMatchObject({ number: 20_000 })
  })
})
