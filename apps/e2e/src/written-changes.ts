import type { Written } from '@headrace/testkit'

/** What writers did, burst after burst. */
export class WrittenChanges {
  statements = 0
  commits = 0
  rollbacks = 0
  readonly kinds: Record<string, number> = {}

  add({ statements, commits, rollbacks, kinds }: Written): void {
    this.statements += statements
    this.commits += commits
    this.rollbacks += rollbacks
    for (const [kind, count] of Object.entries(kinds)) this.kinds[kind] = (this.kinds[kind] ?? 0) + count
  }

  /** Changes that were committed. */
  get changes(): number {
    return Object.values(this.kinds).reduce((sum, count) => sum + count, 0)
  }

  toString(): string {
    const { changes, statements, commits, rollbacks, kinds } = this
    const byKind = Object.entries(kinds)
      .sort()
      .map(([kind, count]) => `${kind} ${count}`)
    return `${changes} changes (${statements} statements, ${commits} commits, ${rollbacks} rollbacks): ${byKind.join(', ')}`
  }
}
