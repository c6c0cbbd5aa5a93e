import {
  type ColumnKind,
  compileRowEncoder,
  Op,
  Origin,
  type RelationDescription,
  type RowChange,
  type RowEncoder,
  type Tuple,
  type WriteFault,
} from '@headrace/wire'
import type { Contract, ContractField } from './contract.ts'
import type { DeadLetterCode } from './dead-letter-codes.ts'
import { deriveMessage } from './derive-message.ts'
import { fieldChecks, type FieldCheck } from './field-checks.ts'

/** What a record's contract says about it (04 K7). Exhaustive: whoever takes it must handle each kind. */
export type Outcome =
  /** The prefix and the typed message. */
  { readonly kind: 'valid'; readonly value: Buffer } | Rejection

export interface Rejection {
  readonly kind: 'dead'
  readonly code: DeadLetterCode
  /** Name of the rule in the contract. */
  readonly rule: string
  /** Name of the field. */
  readonly path: string
  /** What is asked for. Never a value of the record. */
  readonly message: string
}

/** A contract as closures, bound to the columns of one description of its table. */
export interface BoundValidator {
  /** Judges an insert or update by its new row. */
  judge(change: RowChange): Outcome
  /** A typed DELETE: Origin and key columns. Never judged by content (04 K7a); a key column that cannot be carried is left out. */
  deletion(change: RowChange): Buffer
}

export interface Validator {
  bind(relation: RelationDescription): BoundValidator
}

/** Postgres' own type numbers whose text is sure to be right for a kind. */
const JSON_OIDS: readonly number[] = [114, 3802]

interface BoundField {
  readonly name: string
  readonly kind: ColumnKind
  /** Index of its column in the relation, -1: there is none. */
  readonly column: number
  readonly required: boolean
  readonly checks: readonly FieldCheck[]
  readonly checksJson: boolean
  readonly index: number
}

const KIND_NULL = 0x6e
const KIND_UNCHANGED = 0x75
const KIND_TEXT = 0x74

/** Cells of a tuple by column: a text, null, or undefined for an unchanged one. */
type Cell = Uint8Array | null | undefined

const cutTuple = (tuple: Tuple, cells: Cell[]): boolean => {
  const { kinds, values } = tuple
  let next = 0
  let complete = true
  for (let i = 0; i < kinds.length; i++) {
    const kind = kinds[i]
    if (kind === KIND_TEXT) cells[i] = values[next++]
    else if (kind === KIND_NULL) cells[i] = null
    else if (kind === KIND_UNCHANGED) {
      cells[i] = undefined
      complete = false
    }
  }
  cells.length = kinds.length
  return complete
}

/** With REPLICA IDENTITY FULL the old row has what the new one leaves out. */
const fillFromOld = (cells: Cell[], old: Tuple): boolean => {
  const before: Cell[] = []
  cutTuple(old, before)
  let complete = true
  for (let i = 0; i < cells.length; i++) {
    if (cells[i] !== undefined) continue
    cells[i] = before[i]
    complete &&= cells[i] !== undefined
  }
  return complete
}

const textOf = (cell: Uint8Array): string =>
  (Buffer.isBuffer(cell) ? cell : Buffer.from(cell.buffer, cell.byteOffset, cell.length)).toString('utf8')

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const reject = (code: DeadLetterCode, rule: string, path: string, message: string): Rejection => ({
  kind: 'dead',
  code,
  rule,
  path,
  message,
})

const faultRejection = (field: BoundField, fault: WriteFault): Rejection => {
  const { name, kind } = field
  if (fault === 'missing') return reject('contract.missing', 'required', name, `${name} must not hold nulls`)
  const words = fault === 'range' ? `${name} is outside of what ${kind} can carry` : `${name} is no ${kind}`
  return reject(fault === 'range' ? 'contract.range' : 'contract.type', `type:${kind}`, name, words)
}

const missingColumn = ({ name }: BoundField): Rejection =>
  reject('schema.column_missing', 'required', name, `the table has no column for ${name}`)

class ContractValidator implements BoundValidator {
  private readonly fields: readonly BoundField[]
  private readonly keys: readonly BoundField[]
  private readonly encoder: RowEncoder
  private readonly version: string
  private readonly hasFullRows: boolean
  private readonly cells: Cell[] = []
  /** A column the contract requires is not in the table: no row can be right. */
  private readonly unfit: Rejection | undefined

  constructor(
    contract: Contract,
    fields: readonly BoundField[],
    encoder: RowEncoder,
    relation: RelationDescription,
  ) {
    this.fields = fields
    this.keys = fields.filter(({ name }) => contract.primaryKey.includes(name))
    this.encoder = encoder
    this.version = contract.version
    this.hasFullRows = relation.replicaIdentity === 'f'
    const absent = fields.find(({ column, required }) => column < 0 && required)
    this.unfit = absent === undefined ? undefined : missingColumn(absent)
  }

  judge(change: RowChange): Outcome {
    const { origin, new: row } = change
    if (origin === undefined || row === undefined) {
      return reject('decode.payload', 'envelope', '', 'a change has no origin or no new row')
    }
    if (this.unfit !== undefined) return this.unfit
    const { cells, encoder } = this
    let complete = cutTuple(row, cells)
    if (!complete && this.hasFullRows && change.old !== undefined) complete = fillFromOld(cells, change.old)
    origin.contractVersion = this.version
    origin.unchanged = complete ? [] : this.unchangedNames()
    encoder.begin(Origin.encode(origin).finish())
    for (const field of this.fields) {
      const rejection = this.judgeField(field)
      if (rejection !== undefined) return rejection
    }
    return { kind: 'valid', value: encoder.finish() }
  }

  deletion({ origin, old, new: row }: RowChange): Buffer {
    const { cells, encoder } = this
    const tuple = row ?? old
    cells.length = 0
    if (tuple !== undefined) cutTuple(tuple, cells)
    const deleted: Origin = {
      ...(origin ?? Origin.decode(new Uint8Array(0))),
      op: Op.DELETE,
      contractVersion: this.version,
      unchanged: [],
    }
    const bytes = Origin.encode(deleted).finish()
    encoder.begin(bytes)
    for (const { column, index } of this.keys) {
      const cell = column < 0 ? null : cells[column]
      if (!cell || encoder.write(index, cell) === undefined) continue
      encoder.begin(bytes)
      break
    }
    return encoder.finish()
  }

  private unchangedNames(): string[] {
    return this.fields
      .filter(({ column }) => column >= 0 && this.cells[column] === undefined)
      .map(({ name }) => name)
  }

  private judgeField(field: BoundField): Rejection | undefined {
    const cell = field.column < 0 ? null : this.cells[field.column]
    if (cell === undefined) return undefined
    if (cell === null) {
      return field.required
        ? reject('contract.missing', 'required', field.name, `${field.name} must not be null`)
        : undefined
    }
    const fault = this.encoder.write(field.index, cell)
    if (fault !== undefined) return faultRejection(field, fault)
    if (field.checks.length === 0 && !field.checksJson) return undefined
    const text = textOf(cell)
    if (field.checksJson && !isJson(text)) return faultRejection(field, 'type')
    for (const check of field.checks) {
      if (!check.holds(text)) return reject(check.code, check.rule, field.name, check.message)
    }
    return undefined
  }
}

const bindField = (
  field: ContractField,
  index: number,
  checks: readonly FieldCheck[],
  relation: RelationDescription,
): BoundField => {
  const column = relation.columns.findIndex(({ name }) => name === field.column)
  const typeOid = relation.columns[column]?.typeOid ?? 0
  return {
    name: field.name,
    kind: field.type.kind,
    column,
    required: field.required,
    checks,
    checksJson: field.type.kind === 'json' && field.type.dimensions === 0 && !JSON_OIDS.includes(typeOid),
    index,
  }
}

/**
 * Compiles a contract (04 K6): rules and typed message as closures, shared by all relation descriptions.
 * `prefix` stands before each typed message (the framing). Not to be used by two loops at once: rows share one buffer.
 */
export const compileValidator = (contract: Contract, prefix?: Uint8Array): Validator => {
  const encoder = compileRowEncoder(deriveMessage(contract), prefix)
  const ordered = [...contract.fields].sort((a, b) => a.number - b.number)
  const checks = ordered.map(fieldChecks)
  return {
    bind: relation => {
      const fields = ordered.map((field, index) => bindField(field, index, checks[index] ?? [], relation))
      return new ContractValidator(contract, fields, encoder, relation)
    },
  }
}
