import { type Environment } from './environment.ts'
import { type Java } from './java.ts'
import { type Progress } from './progress.ts'
import { type RunAs } from './run-as.ts'
import { type ServiceName } from './versions.ts'

/** Settings a caller may add to those of the stack. */
export interface ServiceOptions {
  /** Java heap as Java writes it: `512m`, `1g`. Not for Postgres. */
  readonly heap?: string
  /** Server settings by their own names (postgresql.conf, server.properties, elasticsearch.yml). */
  readonly settings?: Readonly<Record<string, string>>
}

/** What is the same for all servers of a start. */
export interface Surroundings {
  readonly environment: Environment
  readonly progress: Progress
  readonly signal: AbortSignal | undefined
  readonly user: RunAs | undefined
  /** Found once, on first demand. */
  readonly java: () => Promise<Java>
}

/** One server of one stack. */
export interface ServerPlan {
  /** Unpacked program, shared by all stacks, never written to. */
  readonly home: string
  /** This server's own folder: data, configuration. */
  readonly folder: string
  readonly ports: Readonly<Record<string, number>>
  readonly options: ServiceOptions
}

export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Asked over and over with what the server has logged since this start. */
  readonly ready: (logged: string) => Promise<boolean>
}

/** What the stack knows about a kind of server. */
export interface ServiceDefinition {
  readonly name: ServiceName
  readonly version: string
  /** Names of its ports; the first is the one clients use. */
  readonly portNames: readonly [string, ...string[]]
  /** Asks the server to end without waiting for its clients. */
  readonly stopSignal: NodeJS.Signals
  /** Fetches and unpacks what is missing in the cache; gives the home folder. */
  readonly install: (surroundings: Surroundings) => Promise<string>
  /** Makes data and configuration where they are missing. */
  readonly prepare: (plan: ServerPlan, surroundings: Surroundings) => Promise<Launch>
  readonly address: (ports: Readonly<Record<string, number>>) => string
  /** After an orderly stop. */
  readonly stopped?: (folder: string) => void
}
