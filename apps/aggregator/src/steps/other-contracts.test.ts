import { describe, expect, it } from '@jest/globals'
import type { IncomingRecord } from '@headrace/kafka'
import { LOCK_FILE, loadPipeline, lockContracts, type Pipeline } from '@headrace/pipeline'
import { deriveMessage } from '@headrace/validation'
import {
  CapturePosition,
  compileRowEncoder,
  descriptorProto,
  frame,
  type MessageSchema,
  Op,
  Origin,
  schemaId,
} from '@headrace/wire'
import { contract } from '../testing/test-folder.ts'
import { readValidated } from './read-validated.ts'
import { type RootInput, viewInputs, type ViewInputs } from './view-inputs.ts'

const SIZE = '      - { name: size, physicalType: integer }'
const TITLE = '      - { name: title, physicalType: text }'
const NOTE = '      - { name: note, physicalType: text }'

/** A pipeline of one table, whose lock follows an earlier one. */
const pipelineOf = (
  fields: readonly string[],
  shown: string,
  lock?: string,
  source = 'main',
): { pipeline: Pipeline; lock: string } => {
  const files = new Map([
    ['pipeline.yaml', `name: p\npartitions: 1\nsources: { ${source}: { tables: [thing] } }\n`],
    ['contracts/thing.odcs.yaml', contract('thing', fields.join('\n'))],
    ['views/things.view.yaml', `view: things\nroot: thing\nfields: [${shown}]\n`],
  ])
  if (lock !== undefined) files.set(LOCK_FILE, lock)
  const folder = {
    read: (path: string) => files.get(path),
    list: (name: string) =>
      [...files.keys()].filter(path => path.startsWith(`${name}/`)).map(path => path.slice(name.length + 1)),
  }
  const text = lockContracts(folder)
  files.set(LOCK_FILE, text)
  return { pipeline: loadPipeline(folder), lock: text }
}

const before = pipelineOf([TITLE, NOTE], 'id, title')

const record = (key: string, value: Buffer): IncomingRecord => ({
  offset: 0n,
  key: Buffer.from(key),
  value,
  timestamp: 0,
})

const messageOf = ({ datasets }: Pipeline): MessageSchema => deriveMessage(datasets.get('thing')!.contract)

/** As a validator of that pipeline writes it: a text for each field. */
const written = (pipeline: Pipeline, epoch: number, op: Op = Op.INSERT): IncomingRecord => {
  const message = messageOf(pipeline)
  const origin: Origin = { ...Origin.decode(new Uint8Array()), source: 'main', epoch, op }
  const encoder = compileRowEncoder(message, Buffer.alloc(0))
  encoder.begin(Origin.encode(origin).finish())
  message.fields.forEach((field, index) => {
    if (op === Op.DELETE && field.name !== 'id') return
    expect(encoder.write(index, Buffer.from('5'))).toBeUndefined()
  })
  return record('5', frame(schemaId(message), encoder.finish()))
}

/** The view of a pipeline that has read what validators of these pipelines and capture wrote down. */
const viewOf = async (
  pipeline: Pipeline,
  {
    validators = [pipeline],
    epoch = 1,
    loaded,
  }: {
    validators?: readonly Pipeline[]
    epoch?: number
    /** Tables of a load that is over. */
    loaded?: readonly string[]
  } = {},
): Promise<ViewInputs> => {
  const view = viewInputs(pipeline, pipeline.views.get('things')!)
  const snapshot = loaded && {
    consistentLsn: 1n,
    finished: true,
    tables: loaded.map(table => ({
      ...{ table, dataset: 'thing', finished: true },
      ...{ rowsDone: 0n, rowsEstimated: 0n },
    })),
  }
  const position: CapturePosition = { ...CapturePosition.decode(new Uint8Array()), epoch, snapshot }
  const logs: Readonly<Record<string, readonly IncomingRecord[]>> = {
    [pipeline.topics.contracts]: validators
      .map(messageOf)
      .map(message => record(String(schemaId(message)), descriptorProto(message))),
    [pipeline.topics.positions]: [
      record(pipeline.sources[0]!.slot, Buffer.from(CapturePosition.encode(position).finish())),
    ],
  }
  await view.written.learn({
    bounds: topic => Promise.resolve({ start: 0n, end: BigInt(logs[topic]!.length) }),
    readToEnd: async function* (topic) {
      await Promise.resolve()
      yield { records: logs[topic]!, next: BigInt(logs[topic]!.length) }
    },
  })
  return view
}

const read = ({ topics }: ViewInputs, from: IncomingRecord): unknown => {
  const [root] = topics[0]!.roots as readonly [RootInput]
  const found = readValidated(root, from, 'topic')
  return found.kind === 'change' ? found.change.values : found.kind
}

describe('records of another version of the contract (K8b)', () => {
  it('are read as they are when the contract lost a field, or the view does not use the new one', async () => {
    const { pipeline: lost } = pipelineOf([TITLE], 'id, title', before.lock)
    const { pipeline: gained } = pipelineOf([TITLE, NOTE, SIZE], 'id, title', before.lock)
    for (const pipeline of [lost, gained]) {
      const view = await viewOf(pipeline, { validators: [before.pipeline, pipeline] })
      expect(read(view, written(before.pipeline, 1))).toEqual(['5', '"5"'])
      expect(read(view, written(pipeline, 1))).toEqual(['5', '"5"'])
    }
  })

  it('lack the values of a field that the view uses: no harm when the row is read again, else it stops', async () => {
    const { pipeline: gained } = pipelineOf([TITLE, NOTE, SIZE], 'id, size', before.lock)
    const { pipeline: retyped } = pipelineOf([TITLE.replace('text', 'integer')], 'id, title', before.lock)
    for (const pipeline of [gained, retyped]) {
      const view = await viewOf(pipeline, { validators: [before.pipeline], epoch: 2 })
      expect(read(view, written(before.pipeline, 1))).toEqual(['5', null])
      expect(read(view, written(before.pipeline, 2, Op.DELETE))).toEqual(['5', null])
      expect(() => read(view, written(before.pipeline, 2))).toThrow(
        expect.objectContaining({
          code: 'aggregate.field_not_loaded',
          hint: expect.stringContaining('headrace source reset'),
        }),
      )
    }
  })

  it('are no harm either when the table is read by another source now, or by one of another name', async () => {
    const { pipeline: moved } = pipelineOf([TITLE, NOTE, SIZE], 'id, size', before.lock, 'other')
    const validators = [before.pipeline]
    const view = await viewOf(moved, { validators, epoch: 2 })
    expect(read(view, written(before.pipeline, 1))).toEqual(['5', null])
    expect(() => read(view, written(before.pipeline, 2))).toThrow()
  })

  it('count on a later load only for tables that it has read, or reads', async () => {
    const { pipeline: gained } = pipelineOf([TITLE, NOTE, SIZE], 'id, size', before.lock)
    const validators = [before.pipeline]
    const after = await viewOf(gained, { validators, epoch: 2, loaded: ['public.thing'] })
    expect(read(after, written(before.pipeline, 1))).toEqual(['5', null])
    // without it, as while it was out of the pipeline
    const without = await viewOf(gained, { validators, epoch: 2, loaded: ['public.another'] })
    expect(() => read(without, written(before.pipeline, 1))).toThrow(
      expect.objectContaining({ code: 'aggregate.field_not_loaded' }),
    )
  })

  it('stop a folder that is older than the validator where a field has another type by now', async () => {
    const { pipeline: retyped } = pipelineOf([TITLE.replace('text', 'integer')], 'id, title', before.lock)
    const view = await viewOf(before.pipeline, { validators: [before.pipeline, retyped] })
    expect(() => read(view, written(retyped, 1))).toThrow(
      expect.objectContaining({ code: 'aggregate.field_not_loaded' }),
    )
    // all went back to that folder, and the tables are loaded anew with it
    const back = await viewOf(before.pipeline, { validators: [before.pipeline, retyped], epoch: 2 })
    expect(read(back, written(retyped, 1))).toEqual(['5', null])
  })

  it('are waited for when nobody described them yet, and refused when their numbers mean something else', async () => {
    const { pipeline: other } = pipelineOf([NOTE, TITLE], 'id, title')
    expect(() => read(viewInputs(other, other.views.get('things')!), written(before.pipeline, 1))).toThrow(
      expect.objectContaining({ code: 'decode.schema_unknown' }),
    )
    const view = await viewOf(other, { validators: [before.pipeline] })
    expect(() => read(view, written(before.pipeline, 1))).toThrow(
      expect.objectContaining({
        code: 'decode.framing',
        hint: expect.stringContaining('contracts.lock.json'),
      }),
    )
  })
})
