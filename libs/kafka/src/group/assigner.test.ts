import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { assignGroup, type GroupAssignment, type GroupMemberInfo } from './assigner.ts'
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from './group-protocol.ts'

const TOPICS = ['a', 'b'] as const

const member = (name: string, more: Partial<GroupMemberInfo> = {}): GroupMemberInfo => ({
  memberId: `id-${name}`,
  name,
  topics: TOPICS,
  previous: {},
  generation: -1,
  ...more,
})

const assign = (members: readonly GroupMemberInfo[], partitions: number): GroupAssignment =>
  assignGroup(members, () => partitions)

const of = (assignment: GroupAssignment, name: string, topic = 'a'): readonly number[] =>
  assignment.get(`id-${name}`)?.[topic] ?? []

/** The same members, with what they got in `generation`. */
const after = (
  members: readonly GroupMemberInfo[],
  assignment: GroupAssignment,
  generation: number,
): GroupMemberInfo[] =>
  members.map(info => ({ ...info, generation, previous: assignment.get(info.memberId) ?? {} }))

const names = fc.uniqueArray(fc.constantFrom<string[]>('p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6'), {
  minLength: 1,
})

/** Whatever members may claim: overlaps, gaps, partitions that do not exist. */
const claims = names.chain(list =>
  fc.tuple(
    ...list.map(name =>
      fc
        .record({ own: fc.uniqueArray(fc.nat(30)), generation: fc.integer({ min: -1, max: 4 }) })
        .map(({ own, generation }) => member(name, { generation, previous: { a: own, b: own } })),
    ),
  ),
)

describe('assigner (06 E5)', () => {
  it('gives every partition to exactly one member, evenly, the same of all topics', () => {
    fc.assert(
      fc.property(claims, fc.integer({ min: 1, max: 24 }), (members, partitions) => {
        const assignment = assign(members, partitions)
        const all = members.flatMap(({ name }) => of(assignment, name)).sort((x, y) => x - y)
        expect(all).toEqual(Array.from({ length: partitions }, (_, p) => p))
        const sizes = members.map(({ name }) => of(assignment, name).length)
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
        for (const { name } of members) expect(of(assignment, name, 'b')).toEqual(of(assignment, name, 'a'))
      }),
    )
  })

  it('moves nothing when nothing changed', () => {
    fc.assert(
      fc.property(claims, fc.integer({ min: 1, max: 24 }), (members, partitions) => {
        const first = assign(members, partitions)
        expect(assign(after(members, first, 7), partitions)).toEqual(first)
      }),
    )
  })

  it('moves no more than balance needs when a member comes or goes', () => {
    fc.assert(
      fc.property(names, names, fc.integer({ min: 1, max: 24 }), (before, now, partitions) => {
        const first = assign(
          before.map(name => member(name)),
          partitions,
        )
        const old = after(
          before.map(name => member(name)),
          first,
          1,
        )
        const members = now.map(name => old.find(info => info.name === name) ?? member(name))
        const second = assign(members, partitions)
        const most = Math.ceil(partitions / members.length)
        const full = partitions % members.length === 0 ? members.length : partitions % members.length
        const kept = members.map(
          ({ name }) => of(second, name).filter(p => of(first, name).includes(p)).length,
        )
        const could = members
          .map(({ name }) => (before.includes(name) ? of(first, name).length : 0))
          .sort((x, y) => y - x)
          .map((count, i) => Math.min(count, i < full ? most : most - 1))
        expect(kept.reduce((x, y) => x + y, 0)).toBe(could.reduce((x, y) => x + y, 0))
      }),
    )
  })

  it('does not depend on the order or the ids of the members', () => {
    fc.assert(
      fc.property(claims, fc.integer({ min: 1, max: 24 }), (members, partitions) => {
        const first = assign(members, partitions)
        const second = assign([...members].reverse(), partitions)
        for (const { name } of members) expect(of(second, name)).toEqual(of(first, name))
      }),
    )
  })

  it('gives a process that comes back under its name its old partitions, when they divide evenly', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 1, max: 5 }),
        fc.nat(5),
        (count, each, who) => {
          const partitions = count * each
          const members = Array.from({ length: count }, (_, i) => member(`p${i}`))
          const gone = `p${who % count}`
          const first = assign(members, partitions)
          const rest = after(members, first, 1).filter(({ name }) => name !== gone)
          const second = after(rest, assign(rest, partitions), 2)
          const third = assign([...second, member(gone)], partitions)
          for (const { name } of members) expect(of(third, name)).toEqual(of(first, name))
        },
      ),
    )
  })

  it('believes the newest generation when two claim a partition', () => {
    const members = [
      member('x', { generation: 3, previous: { a: [0, 1], b: [0, 1] } }),
      member('y', { generation: 5, previous: { a: [0, 1], b: [0, 1] } }),
      member('z', { generation: 5, previous: { a: [2, 3], b: [2, 3] } }),
    ]
    const assignment = assign(members, 4)
    expect(of(assignment, 'y')).toEqual([0, 1])
  })

  it('gives members only what they subscribe to (while topics are being added)', () => {
    const members = [member('old', { topics: ['a'] }), member('new')]
    const assignment = assign(members, 4)
    expect(of(assignment, 'old', 'b')).toEqual([])
    expect(of(assignment, 'new', 'b')).toEqual([0, 1, 2, 3])
    expect([...of(assignment, 'old'), ...of(assignment, 'new')].sort()).toEqual([0, 1, 2, 3])
  })
})

describe('group protocol', () => {
  it('round trips', () => {
    const info = member('p0', { generation: 4, previous: { a: [1, 3] } })
    const { memberId, ...rest } = info
    expect(decodeSubscription(memberId, encodeSubscription(rest))).toEqual(info)
    expect(decodeAssignment(encodeAssignment({ a: [1, 3], b: [] }))).toEqual({ a: [1, 3], b: [] })
    expect(decodeAssignment(Buffer.alloc(0))).toEqual({})
  })

  it('does without the user data of another version', () => {
    const data = Buffer.from('0000 00000001 0001 61 00000002 7b78'.replace(/ /g, ''), 'hex')
    expect(decodeSubscription('m', data)).toEqual({
      memberId: 'm',
      topics: ['a'],
      name: 'm',
      generation: -1,
      previous: {},
    })
  })
})
