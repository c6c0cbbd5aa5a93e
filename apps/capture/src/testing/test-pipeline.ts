import { DEFAULT_LIMITS, type Pipeline, type ToastPolicy } from '@headrace/pipeline'
import { topicNames } from '@headrace/wire'

/** A table of a test: its dataset has the same name. */
export interface TestTable {
  readonly name: string
  readonly key: readonly string[]
  /** Of the contract; default: it knows none. */
  readonly columns?: readonly string[]
  readonly toast?: ToastPolicy
}

/** What a test and its child processes agree on. */
export interface TestWiring {
  readonly pipeline: string
  readonly partitions: number
  readonly tables: readonly TestTable[]
  readonly slot: string
  readonly rowBytes?: number
}

const TEXT = { kind: 'text', dimensions: 0 } as const

/** A pipeline with contracts that know names alone: capture looks at nothing else. */
export const testPipeline = ({ pipeline, partitions, tables, slot, rowBytes }: TestWiring): Pipeline => ({
  name: pipeline,
  partitions,
  limits: { ...DEFAULT_LIMITS, ...(rowBytes === undefined ? {} : { rowBytes }) },
  topics: topicNames(pipeline),
  sources: [
    {
      name: 'db',
      slot,
      publication: slot,
      tables: tables.map(({ name, toast }) => ({
        schema: 'public',
        name,
        dataset: name,
        toast: toast ?? 'reselect',
      })),
    },
  ],
  datasets: new Map(
    tables.map(({ name, key, columns = [] }) => [
      name,
      {
        name,
        contract: {
          id: name,
          version: '1',
          owner: 'test',
          dataset: name,
          kind: 'change',
          fields: columns.map((column, at) => ({
            name: column,
            column,
            type: TEXT,
            number: at + 1,
            required: false,
            rules: [],
          })),
          primaryKey: key,
          onInvalid: 'withhold',
          unenforced: [],
        },
      },
    ]),
  ),
  views: new Map(),
})
