import { HeadraceError } from '@headrace/errors'
import { type PartitionReader, SourcePositions } from '@headrace/kafka'
import { type Pipeline, type PostgresSource, unloadedTables } from '@headrace/pipeline'
import { deriveMessage } from '@headrace/validation'
import {
  type CapturePosition,
  type MessageField,
  type MessageSchema,
  Op,
  type Origin,
  readDescriptor,
  schemaId,
  type WrittenMessage,
} from '@headrace/wire'

/** What validators have written down about their contracts, and captures about their loads: learnt at each assignment. */
export class WrittenContracts {
  readonly #pipeline: Pick<Pipeline, 'topics' | 'sources'>
  /** Of the contracts in this folder. */
  readonly #own: ReadonlySet<number>
  #messages: ReadonlyMap<number, WrittenMessage> = new Map()
  /** By dataset. */
  #epochs: ReadonlyMap<string, number> = new Map()

  constructor(pipeline: Pick<Pipeline, 'topics' | 'sources' | 'datasets'>) {
    this.#pipeline = pipeline
    this.#own = new Set(
      [...pipeline.datasets.values()].map(({ contract }) => schemaId(deriveMessage(contract))),
    )
  }

  get topics(): readonly string[] {
    const { contracts, positions } = this.#pipeline.topics
    return [contracts, positions]
  }

  /** Reads both topics anew. */
  async learn(reader: Pick<PartitionReader, 'bounds' | 'readToEnd'>): Promise<void> {
    const { topics, sources } = this.#pipeline
    const messages = new Map<number, WrittenMessage>()
    const { start } = await reader.bounds(topics.contracts, 0)
    for await (const { records } of reader.readToEnd(topics.contracts, 0, start)) {
      for (const { key, value } of records) {
        const message = key === null || value === null ? undefined : readDescriptor(value)
        if (message !== undefined) messages.set(Number(key), message)
      }
    }
    this.#messages = messages
    // where there was but one version, nobody asks for epochs, and the topic may be long
    if ([...messages.keys()].every(id => this.#own.has(id))) return
    const positions = await new SourcePositions(reader, topics.positions).look()
    this.#epochs = new Map(sources.flatMap(source => epochsOf(source, positions.get(source.slot))))
  }

  /** Throws decode.schema_unknown; the next assignment may know more. */
  message(schemaId: number, where: string): WrittenMessage {
    const message = this.#messages.get(schemaId)
    if (message !== undefined) return message
    throw new HeadraceError(
      'decode.schema_unknown',
      `a record was written under the schema ${schemaId}, of which ${this.#pipeline.topics.contracts} has no descriptor`,
      { where },
    )
  }

  /** Of the load that a dataset's rows are from, or will be from once they are all read again. */
  epochOf(dataset: string): number {
    return this.#epochs.get(dataset) ?? 0
  }
}

/** Of the datasets that a source's last load has read, or reads. The rows before it may have come from another source. */
const epochsOf = (
  source: PostgresSource,
  position: CapturePosition | undefined,
): readonly (readonly [string, number])[] => {
  if (position === undefined) return []
  const { epoch, snapshot } = position
  const left = snapshot?.finished === true ? unloadedTables(source, snapshot) : []
  return source.tables.filter(table => !left.includes(table)).map(({ dataset }) => [dataset, epoch])
}

/**
 * Records of one dataset that were written under another version of its contract. The lock file never gives a number twice, so what
 * stands under the number of a field is that field (04 K2).
 */
export class OtherContracts {
  readonly #dataset: string
  readonly #schema: MessageSchema
  readonly #needed: readonly MessageField[]
  readonly #written: WrittenContracts
  readonly #lacking = new Map<number, readonly string[]>()

  /** `names`: fields that are read. */
  constructor(dataset: string, schema: MessageSchema, names: readonly string[], written: WrittenContracts) {
    this.#dataset = dataset
    this.#schema = schema
    this.#needed = schema.fields.filter(({ name }) => names.includes(name))
    this.#written = written
  }

  /** Fields that records of a schema do not have, or under another number. Throws when they cannot be read at all. */
  lacking(schemaId: number, where: string): readonly string[] {
    const known = this.#lacking.get(schemaId)
    if (known !== undefined) return known
    const message = this.#written.message(schemaId, where)
    this.#requireSameLineage(message, schemaId, where)
    const lacking = this.#needed
      .filter(field => !message.fields.some(({ number }) => number === field.number))
      .map(({ name }) => name)
    this.#lacking.set(schemaId, lacking)
    return lacking
  }

  /** Values that a record lacks are no harm when the row is read again anyway: a later load writes or removes every row. */
  requireReload({ epoch, op }: Origin, lacking: readonly string[], where: string): void {
    if (op === Op.DELETE || epoch < this.#written.epochOf(this.#dataset)) return
    const names = lacking.map(name => `"${name}"`).join(', ')
    throw new HeadraceError(
      'aggregate.field_not_loaded',
      `rows were written before the contract had ${names} as it has ${lacking.length > 1 ? 'them' : 'it'} now, and the view uses ${lacking.length > 1 ? 'them' : 'it'}`,
      {
        where,
        hint: 'Use the folder that the validator uses. If it is this one: stop the services, run `headrace source reset DIR`, and start them. The tables are loaded anew, and searches see the documents of before until that is done.',
      },
    )
  }

  #requireSameLineage(message: WrittenMessage, schemaId: number, where: string): void {
    const isSame =
      message.package === this.#schema.package &&
      message.message === this.#schema.message &&
      this.#needed.every(field => {
        const other = message.fields.find(({ number }) => number === field.number)
        return (
          other === undefined ||
          (other.name === field.name && other.type === field.type && other.repeated === field.repeated)
        )
      })
    if (isSame) return
    throw new HeadraceError(
      'decode.framing',
      `a record was written under the schema ${schemaId}, whose field numbers mean something else than those of this folder's contracts.lock.json`,
      {
        where,
        hint: 'Use the folder that the validator uses. If its contracts.lock.json was taken back or made anew, restore the one that was deployed last and run `headrace contracts lock`, which gives no number twice.',
      },
    )
  }
}
