import { type Applied, decodeHop, type GroupPlan, GroupStage, type RouterPlan } from '@headrace/denormalise'
import { HeadraceError, unreachable } from '@headrace/errors'
import type { IncomingRecord } from '@headrace/kafka'
import type { Store } from '@headrace/store'
import { isMarkerKey, type Marker, MarkerKind, parseHopKey, type Position } from '@headrace/wire'
import { type Cause, DirtyDocuments } from './dirty-documents.ts'
import type { Doubt } from './doubt.ts'
import { readValidated } from './read-validated.ts'
import { readOffset, writeOffset } from './route-index.ts'
import { type SweepCause, Sweeps } from './sweeps.ts'
import type { RootInput, TopicInput, ViewInputs } from './view-inputs.ts'

/** Where one input of the group stage stands. Fixed at the assignment but for `applied` and `consumed`. */
export interface GroupInputState {
  /** Number of the input in the view. */
  readonly number: number
  readonly input: TopicInput
  /** Everything below was emitted by somebody: it is applied silently (05 A15). */
  readonly emittedTo: bigint
  readonly doubt: Doubt
  /** Everything below is in the store. */
  applied: bigint
  /** Everything below has passed here since the assignment: what may be committed. */
  consumed: bigint
}

/** A stage with the documents that it has to make again. */
export interface StageTask {
  readonly plan: GroupPlan
  readonly stage: GroupStage
  readonly dirty: DirtyDocuments
}

/** What a record did to a stage, for marks and metrics. */
interface Effect {
  readonly to: StageTask
  readonly documents: readonly string[]
  readonly applied: Applied
  readonly commitTimeUs: bigint
  readonly position: Position | undefined
}

const NO_EFFECT = { documents: [], applied: 'ignored', commitTimeUs: 0n, position: undefined } as const

/** The group stages of one partition with their store, dirty documents and offsets (05 A13, A14). */
export class GroupTask {
  /** Bottom up. */
  readonly stages: readonly StageTask[]
  /** The last one: it makes the view's documents. */
  readonly root: StageTask
  readonly states: readonly GroupInputState[]
  private readonly store: Store
  private readonly sweeps: Sweeps<GroupInputState>
  /** Something was emitted for this partition before: its documents may stand in the topic. */
  private readonly hasHistory: boolean

  constructor(view: ViewInputs, store: Store, states: readonly GroupInputState[], hasHistory: boolean) {
    this.stages = view.groups.map(plan => ({
      plan,
      stage: new GroupStage(plan, store, view.maxDocumentBytes),
      dirty: new DirtyDocuments(),
    }))
    this.root = this.stages[this.stages.length - 1]!
    this.store = store
    this.sweeps = new Sweeps(store, new Map(this.stages.map(({ plan, stage }) => [sweepName(plan), stage])))
    this.states = states
    this.hasHistory = hasHistory
  }

  /** By its number in the view. */
  stage(number: number): StageTask {
    const found = this.stages.find(({ plan }) => plan.stage === number)
    if (found === undefined) throw new HeadraceError('internal.bug', `there is no stage ${number}`)
    return found
  }

  /** Documents of all stages that are to be made again. */
  get dirtyCount(): number {
    return this.stages.reduce((sum, { dirty }) => sum + dirty.size, 0)
  }

  /** A marker removes root rows. */
  get isSweeping(): boolean {
    return this.sweeps.isPending
  }

  /** Looks at up to `limit` entries for rows that a marker removes, at none where too many documents are marked already. */
  sweep(limit: number, now: number): void {
    const stageOf = (name: string): StageTask => this.stages.find(({ plan }) => sweepName(plan) === name)!
    this.sweeps.step(
      limit,
      ({ name }) => !stageOf(name).dirty.isCrowded,
      ({ name, state, offset, position }, documents) => {
        const { dirty } = stageOf(name)
        const cause = { input: state.number, offset, mayExist: true, commitTimeUs: 0n, position }
        for (const document of documents) dirty.mark(document, cause, now)
      },
    )
  }

  /** While state is restored: what markers have left in the store. */
  finishSweeps(signal: AbortSignal): Promise<void> {
    return this.sweeps.finish(signal)
  }

  /** Before the local transaction ends. */
  flush(): void {
    for (const { stage } of this.stages) stage.flush()
  }

  static applied(store: Store, topic: string): bigint {
    return readOffset(store, `applied:${topic}`)
  }

  /**
   * Silently applies what was emitted before but is not in the store (disk lost, or the partition was elsewhere); in a
   * transaction of its own. Returns false when the input has caught up with what was emitted.
   */
  rebuild(state: GroupInputState, records: readonly IncomingRecord[], next: bigint): boolean {
    const until = next < state.emittedTo ? next : state.emittedTo
    this.store.transaction(() => {
      this.take(
        state,
        records.filter(record => record.offset < until),
        until,
        0,
        new Map(),
      )
      this.flush()
    })
    return until < state.emittedTo
  }

  /** Applies records of one input; inside the store transaction of the turn. Outcomes are counted in `counts`. */
  take(
    state: GroupInputState,
    records: readonly IncomingRecord[],
    next: bigint,
    now: number,
    counts: Map<Applied, number>,
  ): void {
    for (const record of records) {
      const { offset } = record
      const isKnown = offset < state.applied
      const isDoubtful = offset >= state.emittedTo && state.doubt.holds(offset)
      if (isKnown && offset < state.emittedTo) continue
      const effects = isKnown
        ? this.touch(state, record)
        : this.apply(state, record, causeOf(state, offset, isDoubtful))
      for (const effect of effects) {
        if (!isKnown) counts.set(effect.applied, (counts.get(effect.applied) ?? 0) + 1)
        if (offset < state.emittedTo) continue
        const isRemoved = effect.applied === 'removed'
        if (!isKnown && !isDoubtful && !isRemoved && effect.applied !== 'changed') continue
        const cause: Cause = {
          input: state.number,
          offset,
          mayExist: isRemoved || ((isDoubtful || isKnown) && this.hasHistory),
          commitTimeUs: effect.commitTimeUs,
          position: effect.position,
        }
        for (const document of effect.documents) effect.to.dirty.mark(document, cause, now)
      }
    }
    if (next > state.applied) {
      state.applied = next
      writeOffset(this.store, `applied:${state.input.topic}`, next)
    }
    if (next > state.consumed) state.consumed = next
  }

  /** What may be committed for an input: nothing that a dirty document or a marker still needs (05 A14). */
  lowWater(state: GroupInputState): bigint {
    const needed = [this.firstOffset(state.number), this.sweeps.firstOffset(state)]
    return needed.reduce<bigint>(
      (lowest, first) => (first !== undefined && first < lowest ? first : lowest),
      state.consumed,
    )
  }

  /** Lowest offset of an input that a dirty document of any stage still needs. */
  firstOffset(input: number): bigint | undefined {
    let lowest: number | undefined
    for (const { dirty } of this.stages) {
      const first = dirty.firstOffset(input)
      if (first !== undefined && (lowest === undefined || first < lowest)) lowest = first
    }
    return lowest === undefined ? undefined : BigInt(lowest)
  }

  private apply(
    { input }: GroupInputState,
    record: IncomingRecord,
    cause: SweepCause<GroupInputState> | undefined,
  ): readonly Effect[] {
    return input.hop === undefined
      ? input.roots.map(root => this.applyRoot(root, record, input.topic, cause))
      : [this.applyHop(input.hop, record, input.topic)]
  }

  private applyRoot(
    input: RootInput,
    record: IncomingRecord,
    topic: string,
    cause: SweepCause<GroupInputState> | undefined,
  ): Effect {
    const to = this.stage(input.plan.stage)
    const read = readValidated(input, record, topic)
    switch (read.kind) {
      case 'change': {
        const { key, commitTimeUs, position } = read.change
        return { to, documents: [key], applied: to.stage.applyRoot(read.change), commitTimeUs, position }
      }
      case 'tombstone':
        return { ...NO_EFFECT, to, documents: [read.key], applied: to.stage.applyRootTombstone(read.key) }
      case 'marker':
        return this.beginSweep(to, read.marker, cause)
      case 'none':
        return { ...NO_EFFECT, to }
      default:
        return unreachable(read)
    }
  }

  /** What the marker does follows in parts. */
  private beginSweep(
    to: StageTask,
    { kind, position }: Marker,
    cause: SweepCause<GroupInputState> | undefined,
  ): Effect {
    if ((kind !== MarkerKind.TRUNCATE && kind !== MarkerKind.SWEEP) || position === undefined)
      return { ...NO_EFFECT, to }
    this.sweeps.begin(sweepName(to.plan), position, cause)
    return { ...NO_EFFECT, to, applied: 'removed' }
  }

  private applyHop(edge: RouterPlan, { key, value }: IncomingRecord, topic: string): Effect {
    const to = this.stage(edge.stage)
    if (key === null) throw new HeadraceError('decode.framing', 'a hop record has no key', { where: topic })
    if (isMarkerKey(key)) return { ...NO_EFFECT, to }
    const { parentKey, childKey } = parseHopKey(key.toString())
    const documents = [parentKey]
    if (value === null) {
      const applied = to.stage.applyChildTombstone(edge.edgeIndex, parentKey, childKey)
      return { ...NO_EFFECT, to, documents, applied }
    }
    const hop = decodeHop(value)
    if ('marker' in hop) return { ...NO_EFFECT, to }
    const applied = to.stage.applyChild(edge.edgeIndex, parentKey, childKey, hop)
    return { to, documents, applied, commitTimeUs: hop.commitTimeUs, position: hop.position }
  }

  /** The documents of a record that is in the store already. */
  private touch(state: GroupInputState, record: IncomingRecord): readonly Effect[] {
    const { input } = state
    const isMarker = record.key === null || isMarkerKey(record.key)
    if (input.hop !== undefined) {
      if (isMarker) return []
      const { parentKey } = parseHopKey(record.key!.toString())
      return [{ ...NO_EFFECT, to: this.stage(input.hop.stage), documents: [parentKey] }]
    }
    return input.roots.map(root => {
      const to = this.stage(root.plan.stage)
      return isMarker
        ? this.touchMarker(to, root, record, state)
        : { ...NO_EFFECT, to, documents: [record.key!.toString()] }
    })
  }

  /** A truncation that was applied and perhaps not emitted: everything without a live root row may still stand in the topic. */
  private touchMarker(
    to: StageTask,
    input: RootInput,
    record: IncomingRecord,
    state: GroupInputState,
  ): Effect {
    const read = readValidated(input, record, state.input.topic)
    return read.kind === 'marker'
      ? this.beginSweep(to, read.marker, causeOf(state, record.offset, true))
      : { ...NO_EFFECT, to }
  }
}

const sweepName = ({ stage }: GroupPlan): string => `stage:${stage}`

/**
 * A doubtful marker touches whatever is deleted, not only what it deletes here: a predecessor for whom compaction had removed
 * an earlier marker may have emitted a document with what that marker took away. One that was emitted touches nothing.
 */
const causeOf = (
  state: GroupInputState,
  offset: bigint,
  touchesAll: boolean,
): SweepCause<GroupInputState> | undefined =>
  offset < state.emittedTo ? undefined : { state, offset, touchesAll }
