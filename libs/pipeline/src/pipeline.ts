import type { ViewDefinition } from '@headrace/denormalise'
import type { DocumentShape } from '@headrace/search-model'
import type { Contract } from '@headrace/validation'
import type { TopicNames } from '@headrace/wire'
import type { SizeLimits } from './size-limits.ts'

/** A pipeline folder, checked and compiled in memory (design 02 §2.2). Every service makes it at start from the same files. */
export interface Pipeline {
  readonly name: string
  /** Partition count of all its data topics. */
  readonly partitions: number
  readonly limits: SizeLimits
  readonly topics: TopicNames
  readonly sources: readonly PostgresSource[]
  readonly datasets: ReadonlyMap<string, Dataset>
  readonly views: ReadonlyMap<string, CompiledView>
}

/**
 * Where the value of a large column comes from that an update leaves out (03 C9): a second look at the table, the old
 * row in the WAL (REPLICA IDENTITY FULL), or nowhere.
 */
export type ToastPolicy = 'reselect' | 'full' | 'fail'

export interface SourceTableEntry {
  readonly schema: string
  readonly name: string
  readonly dataset: string
  readonly toast: ToastPolicy
}

/** A Postgres database whose changes are captured through one slot. */
export interface PostgresSource {
  readonly name: string
  /** Names of slot and publication; defaults are made from the pipeline's and the source's names. */
  readonly slot: string
  readonly publication: string
  readonly tables: readonly SourceTableEntry[]
}

export interface Dataset {
  readonly name: string
  readonly contract: Contract
}

export interface CompiledView {
  readonly name: string
  readonly definition: ViewDefinition
  /** First 10 hexadecimal digits of the SHA-256 of the canonical plan: names topics, group, stores and index (05 A17). */
  readonly plan: string
  readonly shape: DocumentShape
}

/** How the folder is read: no I/O in this library. Paths are relative to the folder, with `/`. */
export interface PipelineFiles {
  /** Text of a file, undefined when it is not there. */
  read(path: string): string | undefined
  /** Names of the files directly in a sub-folder, sorted; [] when it is not there. */
  list(folder: string): readonly string[]
}

/** One mistake in the folder. Line and column count from 1. */
export interface Problem {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly message: string
}
