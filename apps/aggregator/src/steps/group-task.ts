import { type Applied, decodeHop, GroupStage } from '@headrace/denormalise'
import { HeadraceError, unreachable } from '@headrace/errors'
import type { IncomingRecord } from '@headrace/kafka'
import type { Store } from '@headrace/store'
import { isMarkerKey, type Marker, MarkerKind, parseHopKey, type Position } from '@headrace/wire'
import { type Cause, DirtyDocuments } from './dirty-documents.ts'
import { readValidated } from './read-validated.ts'
import { readOffset, writeOffset } from './route-index.ts'
import type { TopicInput, ViewInputs } from './view-inputs.ts'

/** Where one input of the group stage stands. Fixed at the assignment but for `applied` and `consumed`. */
export interface GroupInputState {
  /** Number of the input in the view. */
  readonly number: number
  readonly input: TopicInput
  /** Everything below was emitted by somebody: it is applied silently (05 A15). */
  readonly emittedTo: bigint
  /**
   * End of the log when the partition was assigned. From `emittedTo` to here every touched document is dirty, changed or
   * not: a predecessor may have emitted more or less than it could commit (05 A15).
   */
  readonly doubtTo: bigint
  /** Everything below is in the store. */
  applied: bigint
  /** Everything below has passed here since the assignment: what may be committed. */
  consumed: bigint
}

/** What a record did, for marks and metrics. */
interface Effect {
  readonly documents: readonly string[]
  readonly applied: Applied
  readonly commitTimeUs: bigint
  readonly position: Position | undefined
}

const NO_EFFECT: Effect = { documents: [], applied: 'ignored', commitTimeUs: 0n, position: undefined }

/** The group stage of one partition with its store, its dirty documents and its offsets (05 A13, A14). */
export class GroupTask {
  readonly dirty = new DirtyDocuments()
  readonly stage: GroupStage
  readonly states: readonly GroupInputState[]
  private readonly store: Store
  /** Something was emitted for this partition before: its documents may stand in the topic. */
  private readonly hasHistory: boolean

  constructor(view: ViewInputs, store: Store, states: readonly GroupInputState[], hasHistory: boolean) {
    this.stage = new GroupStage(view.group, store)
    this.store = store
    this.states = states
    this.hasHistory = hasHistory
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
      this.stage.flush()
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
      const isDoubtful = offset >= state.emittedTo && offset < state.doubtTo
      if (isKnown && offset < state.emittedTo) continue
      const effect = isKnown ? this.touch(state, record) : this.apply(state, record)
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
      for (const document of effect.documents) this.dirty.mark(document, cause, now)
    }
    if (next > state.applied) {
      state.applied = next
      writeOffset(this.store, `applied:${state.input.topic}`, next)
    }
    if (next > state.consumed) state.consumed = next
  }

  /** What may be committed for an input: nothing that a dirty document still needs (05 A14). */
  lowWater(state: GroupInputState): bigint {
    const first = this.dirty.firstOffset(state.number)
    const consumed = state.consumed
    return first !== undefined && BigInt(first) < consumed ? BigInt(first) : consumed
  }

  private apply({ input }: GroupInputState, record: IncomingRecord): Effect {
    return input.hop === undefined
      ? this.applyRoot(input, record)
      : this.applyHop(input.hop.edgeIndex, record, input.topic)
  }

  private applyRoot(input: TopicInput, record: IncomingRecord): Effect {
    const read = readValidated(input.root!, record, input.topic)
    switch (read.kind) {
      case 'change': {
        const { key, commitTimeUs, position } = read.change
        return { documents: [key], applied: this.stage.applyRoot(read.change), commitTimeUs, position }
      }
      case 'tombstone':
        return { ...NO_EFFECT, documents: [read.key], applied: this.stage.applyRootTombstone(read.key) }
      case 'marker':
        return this.applyMarker(read.marker)
      case 'none':
        return NO_EFFECT
      default:
        return unreachable(read)
    }
  }

  private applyMarker({ kind, position }: Marker): Effect {
    if ((kind !== MarkerKind.TRUNCATE && kind !== MarkerKind.SWEEP) || position === undefined)
      return NO_EFFECT
    return {
      documents: this.stage.applyRootMarker(position, 0n),
      applied: 'removed',
      commitTimeUs: 0n,
      position,
    }
  }

  private applyHop(edge: number, { key, value }: IncomingRecord, topic: string): Effect {
    if (key === null) throw new HeadraceError('decode.framing', 'a hop record has no key', { where: topic })
    if (isMarkerKey(key)) return NO_EFFECT
    const { parentKey, childKey } = parseHopKey(key.toString())
    const documents = [parentKey]
    if (value === null)
      return { ...NO_EFFECT, documents, applied: this.stage.applyChildTombstone(edge, parentKey, childKey) }
    const hop = decodeHop(value)
    if ('marker' in hop) return NO_EFFECT
    const applied = this.stage.applyChild(edge, parentKey, childKey, hop)
    return { documents, applied, commitTimeUs: hop.commitTimeUs, position: hop.position }
  }

  /** The documents of a record that is in the store already. */
  private touch({ input }: GroupInputState, record: IncomingRecord): Effect {
    if (record.key === null || isMarkerKey(record.key)) return this.touchMarker(input, record)
    const text = record.key.toString()
    if (input.hop !== undefined) return { ...NO_EFFECT, documents: [parseHopKey(text).parentKey] }
    return { ...NO_EFFECT, documents: [text] }
  }

  /** A truncation that was applied and perhaps not emitted: everything without a live root row may still stand in the topic. */
  private touchMarker(input: TopicInput, record: IncomingRecord): Effect {
    if (input.root === undefined) return NO_EFFECT
    const read = readValidated(input.root, record, input.topic)
    if (read.kind !== 'marker' || read.marker.position === undefined) return NO_EFFECT
    if (read.marker.kind !== MarkerKind.TRUNCATE && read.marker.kind !== MarkerKind.SWEEP) return NO_EFFECT
    return { ...NO_EFFECT, documents: this.stage.removedDocuments(), applied: 'removed' }
  }
}
