import { randomInt } from 'node:crypto'
import { type Environment, testEnvironment } from './config.ts'

export interface Random {
  /** Print it when a test fails: the same seed gives the same numbers. */
  readonly seed: number
  /** In [0, 1). */
  next(): number
  /** Whole number, both ends included. */
  int(from: number, to: number): number
  /** True with this probability, by default one half. */
  chance(probability?: number): boolean
  pick<T>(values: readonly T[]): T
  /** A shuffled copy. */
  shuffled<T>(values: readonly T[]): T[]
  /** Another generator that depends on this seed and the label only, not on how many numbers were drawn. */
  fork(label: string): Random
}

const hash = (text: string, start: number): number => {
  let value = start >>> 0
  for (const char of text) value = Math.imul(value ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0
  return value
}

/** Seed of this run: HEADRACE_TEST_SEED, else a new one. */
export const testSeed = (environment: Environment = testEnvironment()): number => {
  const given = environment['HEADRACE_TEST_SEED']
  return given === undefined || given === '' ? randomInt(2 ** 31) : Number(given)
}

/** Schedules of a property test: `usual`, or HEADRACE_TEST_RUNS for a long run. */
export const testRuns = (usual: number, environment: Environment = testEnvironment()): number => {
  const given = environment['HEADRACE_TEST_RUNS']
  return given === undefined || given === '' ? usual : Number(given)
}

/** A small, well spread generator (mulberry32). Not for secrets. */
export const seededRandom = (seed: number = testSeed()): Random => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1))
  const pick = <T>(values: readonly T[]): T => {
    if (values.length === 0) throw new RangeError('nothing to pick from')
    return values[int(0, values.length - 1)] as T
  }
  const shuffled = <T>(values: readonly T[]): T[] => {
    const copy = [...values]
    for (let last = copy.length - 1; last > 0; last--) {
      const other = int(0, last)
      ;[copy[last], copy[other]] = [copy[other] as T, copy[last] as T]
    }
    return copy
  }
  return {
    seed,
    next,
    int,
    chance: (probability = 0.5) => next() < probability,
    pick,
    shuffled,
    fork: label => seededRandom(hash(label, seed)),
  }
}
