import { checkPattern, type FieldRule } from '@headrace/validation'
import type { ColumnType } from '@headrace/wire'
import type { PropertyDeclaration, QualityDeclaration } from '../declarations/contract-file.ts'
import type { YamlPath } from '../yaml/yaml-file.ts'

/** What the rules of one property are turned into, and where what cannot be enforced goes. */
export interface RuleSink {
  readonly rules: FieldRule[]
  required: boolean
  itemsRequired: boolean
  problem(path: YamlPath, message: string): void
  unenforced(path: YamlPath, why: string): void
  /** Exact digits as written. */
  sourceText(path: YamlPath): string | undefined
}

const DECIMAL = /^-?\d+(\.\d+)?$/

/** Decimal text of a number in the file; numbers in exponent form are written out. */
const decimalAt = (sink: RuleSink, path: YamlPath, value: unknown): string | undefined => {
  const source = (sink.sourceText(path) ?? String(value)).replace(/^\+/, '')
  if (DECIMAL.test(source)) return source
  const whole = Number(source)
  if (source !== '' && Number.isSafeInteger(whole)) return String(whole)
  sink.problem(path, `"${source}" is no decimal number`)
  return undefined
}

type RangeRule = Extract<FieldRule, { rule: 'range' }>
type Options = NonNullable<PropertyDeclaration['logicalTypeOptions']>

const BOUNDS = [
  ['minimum', 'min'],
  ['maximum', 'max'],
  ['exclusiveMinimum', 'exclusiveMin'],
  ['exclusiveMaximum', 'exclusiveMax'],
] as const

/** v3.0 wrote `exclusiveMinimum: true` beside `minimum`; since v3.1 it is a number of its own. Both are taken. */
const numberRange = (sink: RuleSink, options: Options, path: YamlPath): void => {
  const range: { -readonly [K in keyof RangeRule]: RangeRule[K] } = { rule: 'range' }
  for (const [key, as] of BOUNDS) {
    const value = options[key]
    if (value === undefined || typeof value === 'boolean') continue
    const text = decimalAt(sink, [...path, key], value)
    if (text !== undefined) range[as] = text
  }
  if (options.exclusiveMinimum === true && range.min !== undefined) {
    range.exclusiveMin = range.min
    delete range.min
  }
  if (options.exclusiveMaximum === true && range.max !== undefined) {
    range.exclusiveMax = range.max
    delete range.max
  }
  if (Object.keys(range).length > 1) sink.rules.push(range)
}

const INTEGER_FORMATS: Readonly<Record<string, readonly [bits: bigint, signed: boolean]>> = {
  i8: [8n, true],
  i16: [16n, true],
  i32: [32n, true],
  i64: [64n, true],
  i128: [128n, true],
  u8: [8n, false],
  u16: [16n, false],
  u32: [32n, false],
  u64: [64n, false],
  u128: [128n, false],
}

const numberFormat = (sink: RuleSink, format: string, path: YamlPath): void => {
  const entry = Object.hasOwn(INTEGER_FORMATS, format) ? INTEGER_FORMATS[format] : undefined
  if (entry !== undefined) {
    const [bits, signed] = entry
    const min = signed ? -(2n ** (bits - 1n)) : 0n
    const max = signed ? 2n ** (bits - 1n) - 1n : 2n ** bits - 1n
    sink.rules.push({ rule: 'range', min: String(min), max: String(max) })
  } else if (format === 'f32' || format === 'f64') {
    sink.unenforced(path, 'the column type decides the precision')
  } else {
    sink.problem(
      path,
      `"${format}" is no number format. Allowed: ${Object.keys(INTEGER_FORMATS).join(', ')}, f32, f64.`,
    )
  }
}

const numberOptions = (sink: RuleSink, options: Options, path: YamlPath): void => {
  numberRange(sink, options, path)
  if (options.multipleOf !== undefined) {
    const of = decimalAt(sink, [...path, 'multipleOf'], options.multipleOf)
    if (of !== undefined && !/[1-9]/.test(of)) sink.problem([...path, 'multipleOf'], 'must be greater than 0')
    else if (of !== undefined) sink.rules.push({ rule: 'multipleOf', of: of.replace('-', '') })
  }
  if (options.format !== undefined) numberFormat(sink, options.format, [...path, 'format'])
}

const STRING_FORMATS = ['email', 'uri', 'uuid', 'date', 'date-time', 'ipv4', 'ipv6', 'hostname'] as const

const stringOptions = (sink: RuleSink, options: Options, path: YamlPath): void => {
  const { minLength, maxLength, pattern, format } = options
  if (minLength !== undefined || maxLength !== undefined) {
    const min = minLength === undefined ? {} : { min: minLength }
    sink.rules.push({ rule: 'length', ...min, ...(maxLength === undefined ? {} : { max: maxLength }) })
  }
  if (pattern !== undefined) addPattern(sink, pattern, [...path, 'pattern'])
  if (format === undefined) return
  const known = STRING_FORMATS.find(each => each === format)
  if (known === undefined)
    sink.unenforced([...path, 'format'], `no check is known for the format "${format}"`)
  else sink.rules.push({ rule: 'format', format: known })
}

const addPattern = (sink: RuleSink, pattern: string, path: YamlPath): void => {
  const mistake = checkPattern(pattern)
  if (mistake !== undefined) sink.problem(path, `not a pattern in RE2 syntax: ${mistake}`)
  else sink.rules.push({ rule: 'pattern', pattern })
}

type OptionGroup = 'text' | 'number' | 'time' | 'array' | 'object' | 'none'

const OPTION_KEYS: Readonly<Record<OptionGroup, readonly (keyof Options)[]>> = {
  text: ['minLength', 'maxLength', 'pattern', 'format'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'format'],
  time: [
    'minimum',
    'maximum',
    'exclusiveMinimum',
    'exclusiveMaximum',
    'format',
    'timezone',
    'defaultTimezone',
  ],
  array: ['minItems', 'maxItems', 'uniqueItems'],
  object: ['minProperties', 'maxProperties', 'required'],
  none: [],
}

const groupOf = ({ kind, dimensions }: ColumnType, logicalType: string | undefined): OptionGroup => {
  if (dimensions > 0) return 'array'
  switch (kind) {
    case 'boolean':
      return 'none'
    case 'int16':
    case 'int32':
    case 'int64':
    case 'float32':
    case 'float64':
    case 'decimal':
      return 'number'
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return logicalType === 'string' ? 'text' : 'time'
    case 'json':
      return logicalType === 'string' ? 'text' : logicalType === 'array' ? 'array' : 'object'
    case 'text':
    case 'uuid':
    case 'bytes':
      return 'text'
  }
}

/** logicalTypeOptions: enforced where the meaning is exact, refused where it does not fit, listed otherwise (04 K1). */
export const addOptions = (
  sink: RuleSink,
  type: ColumnType,
  logicalType: string | undefined,
  options: Options,
  path: YamlPath,
): void => {
  const group = groupOf(type, logicalType)
  for (const key of Object.keys(options) as (keyof Options)[]) {
    if (OPTION_KEYS[group].includes(key)) continue
    const allowed = OPTION_KEYS[group].join(', ') || 'none'
    sink.problem([...path, key], `"${key}" does not fit a column of this type. Allowed: ${allowed}.`)
  }
  if (group === 'text') stringOptions(sink, options, path)
  else if (group === 'number') numberOptions(sink, options, path)
  else for (const key of Object.keys(options)) sink.unenforced([...path, key], NOT_YET[group])
}

const NOT_YET: Readonly<Record<OptionGroup, string>> = {
  text: '',
  number: '',
  none: '',
  time: 'bounds and formats of times are not enforced yet',
  array: 'rules of arrays are not enforced yet',
  object: 'rules inside JSON are not enforced yet',
}

const isZero = (quality: QualityDeclaration): boolean =>
  quality.mustBe === 0 || quality.mustBeLessOrEqualTo === 0

const textList = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) ? value.filter(each => each !== null).map(String) : undefined

const addInvalidValues = (sink: RuleSink, quality: QualityDeclaration, path: YamlPath): void => {
  const values = textList(quality.arguments?.['validValues'])
  const pattern = quality.arguments?.['pattern']
  if (values !== undefined) sink.rules.push({ rule: 'enum', values })
  if (typeof pattern === 'string') addPattern(sink, pattern, [...path, 'arguments', 'pattern'])
  if (values === undefined && typeof pattern !== 'string') {
    sink.problem(path, 'invalidValues needs arguments: validValues (a list) or pattern')
  }
}

/** quality: what says "none at all" is a rule for each record; everything else is counted elsewhere and listed. */
export const addQuality = (sink: RuleSink, quality: QualityDeclaration, path: YamlPath): void => {
  const type = quality.type ?? 'library'
  if (type !== 'library') return sink.unenforced(path, `quality of type ${type} is not judged per record`)
  if (quality.metric === undefined) return sink.problem(path, 'a quality rule of type library needs a metric')
  if (quality.metric === 'duplicateValues' || quality.metric === 'rowCount') {
    return sink.unenforced(path, `${quality.metric} is not judged per record`)
  }
  if (!isZero(quality))
    return sink.unenforced(path, 'a threshold is counted over a window, not judged per record')
  switch (quality.metric) {
    case 'nullValues':
      sink.required = true
      return
    case 'missingValues': {
      const values = textList(quality.arguments?.['missingValues'])
      sink.required = true
      if (values !== undefined && values.length > 0) sink.rules.push({ rule: 'missing', values })
      return
    }
    case 'invalidValues':
      addInvalidValues(sink, quality, path)
  }
}
