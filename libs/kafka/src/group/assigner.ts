/*
 * Sticky, balanced, co-partitioned assignment (06 E5): partition p of all topics that the same members subscribe to
 * goes to one member. Pure: the leader of the group computes it from what all members sent.
 */

export interface GroupMemberInfo {
  readonly memberId: string
  /** Stable name of the process. */
  readonly name: string
  readonly topics: readonly string[]
  /** What the member had in `generation`; empty for a new one. */
  readonly previous: Readonly<Record<string, readonly number[]>>
  readonly generation: number
}

/** memberId -> topic -> partitions. */
export type GroupAssignment = ReadonlyMap<string, Readonly<Record<string, readonly number[]>>>

interface Candidate {
  readonly memberId: string
  readonly name: string
  readonly generation: number
  readonly claims: readonly number[]
}

const byNameThenId = (a: Candidate, b: Candidate): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : a.memberId < b.memberId ? -1 : 1

/** Each partition's claim that counts: the newest generation's. */
const owners = (members: readonly Candidate[], partitions: number): Map<number, Candidate> => {
  const result = new Map<number, Candidate>()
  for (const member of members) {
    for (const p of member.claims) {
      const known = result.get(p)
      if (p < partitions && (known === undefined || member.generation > known.generation))
        result.set(p, member)
    }
  }
  return result
}

/** How many partitions each member gets: the ones more go to who has most already. */
const quotas = (
  members: readonly Candidate[],
  partitions: number,
  owned: ReadonlyMap<number, Candidate>,
): Map<Candidate, number> => {
  const counts = new Map(members.map(member => [member, 0]))
  for (const member of owned.values()) counts.set(member, (counts.get(member) ?? 0) + 1)
  const base = Math.floor(partitions / members.length)
  const extra = partitions % members.length
  const byClaims = [...members].sort(
    (a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0) || byNameThenId(a, b),
  )
  return new Map(byClaims.map((member, i) => [member, base + (i < extra ? 1 : 0)]))
}

/**
 * Partitions 0..n-1 over the members. A member keeps what it has up to its quota; what must move goes by the order of
 * names, so that a process that comes back under its name gets its old partitions when others have to give some up.
 */
const assignPartitions = (candidates: readonly Candidate[], partitions: number): Map<string, number[]> => {
  const members = [...candidates].sort(byNameThenId)
  const home = (p: number): Candidate => members[p % members.length] as Candidate
  const owned = owners(members, partitions)
  const room = quotas(members, partitions, owned)
  const result = new Map(members.map(({ memberId }) => [memberId, [] as number[]]))
  const give = (member: Candidate, p: number): boolean => {
    const left = room.get(member) ?? 0
    if (left === 0) return false
    room.set(member, left - 1)
    result.get(member.memberId)?.push(p)
    return true
  }
  const all = Array.from({ length: partitions }, (_, p) => p)
  const atHome = all.filter(p => owned.get(p) === home(p))
  const away = all.filter(p => owned.has(p) && owned.get(p) !== home(p))
  const placed = new Set<number>()
  for (const p of [...atHome, ...away]) if (give(owned.get(p) as Candidate, p)) placed.add(p)
  for (const p of all) if (!placed.has(p) && give(home(p), p)) placed.add(p)
  for (const p of all) if (!placed.has(p)) members.some(member => give(member, p))
  for (const list of result.values()) list.sort((a, b) => a - b)
  return result
}

/** Topics by who subscribes to them: only topics with the same members can be co-partitioned. */
const topicClasses = (
  members: readonly GroupMemberInfo[],
): { topics: string[]; members: GroupMemberInfo[] }[] => {
  const topics = [...new Set(members.flatMap(member => member.topics))].sort()
  const classes = new Map<string, { topics: string[]; members: GroupMemberInfo[] }>()
  for (const topic of topics) {
    const subscribers = members.filter(member => member.topics.includes(topic))
    const key = subscribers
      .map(({ memberId }) => memberId)
      .sort()
      .join('\n')
    const known = classes.get(key)
    if (known) known.topics.push(topic)
    else classes.set(key, { topics: [topic], members: subscribers })
  }
  return [...classes.values()]
}

/** `partitionCount` of topics with the same subscribers must be equal: checked before a member joins. */
export const assignGroup = (
  members: readonly GroupMemberInfo[],
  partitionCount: (topic: string) => number,
): GroupAssignment => {
  const result = new Map<string, Record<string, readonly number[]>>(
    members.map(({ memberId }) => [memberId, {}]),
  )
  for (const { topics, members: subscribers } of topicClasses(members)) {
    const candidates = subscribers.map(({ memberId, name, generation, previous }) => ({
      memberId,
      name,
      generation,
      claims: [...new Set(topics.flatMap(topic => previous[topic] ?? []))],
    }))
    const partitions = Math.max(...topics.map(partitionCount))
    for (const [memberId, own] of assignPartitions(candidates, partitions)) {
      const assignment = result.get(memberId)
      if (assignment === undefined || own.length === 0) continue
      for (const topic of topics) assignment[topic] = own.filter(p => p < partitionCount(topic))
    }
  }
  return result
}
