import { type Environment } from './environment.ts'
import { type Java } from './java.ts'
import { type Progress } from './progress.ts'
import { type RunAs } from './run-as.ts'
import { type KafkaVersion, type ServerName } from './versions.ts'

/** Settings a caller may add to those of the stack. */
export interface ServiceOptions {
  /** Java heap as Java writes it: `512m`, `1g`. Not for Postgres. */
  readonly heap?: string
  /** Server settings by their own names (postgresql.conf, server.properties, elasticsearch.yml). */
  readonly settings?: Readonly<Record<string, string>>
}

/** What Kafka's part of a stack may be beyond one open broker. */
export interface KafkaOptions extends ServiceOptions {
  /** Default 4.1.1. */
  readonly version?: KafkaVersion
  /** Default 1. Three: every one broker and controller, three copies of everything, two of which must be written. */
  readonly brokers?: 1 | 3
  /** Clients must speak TLS. The certificate authority is `kafka/ca.pem` in the stack's folder. */
  readonly tls?: boolean
  /** Clients must log in: passwords by user name, for PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. */
  readonly users?: Readonly<Record<string, string>>
}

/** Options of all services. */
export interface StackServiceOptions {
  readonly postgres?: ServiceOptions
  readonly kafka?: KafkaOptions
  readonly elasticsearch?: ServiceOptions
}

export type Ports = Readonly<Record<string, number>>

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
  readonly ports: Ports
  /** Ports of all servers of this service, this one among them, in their order. */
  readonly peers: readonly Ports[]
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
  readonly name: ServerName
  readonly version: string
  /** Names of its ports; the first is the one clients use. */
  readonly portNames: readonly [string, ...string[]]
  /** Asks the server to end without waiting for its clients. */
  readonly stopSignal: NodeJS.Signals
  /** Fetches and unpacks what is missing in the cache; gives the home folder. */
  readonly install: (surroundings: Surroundings) => Promise<string>
  /** Makes data and configuration where they are missing. */
  readonly prepare: (plan: ServerPlan, surroundings: Surroundings) => Promise<Launch>
  readonly address: (ports: Ports) => string
  /** After an orderly stop. */
  readonly stopped?: (folder: string) => void
}
