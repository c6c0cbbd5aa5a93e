import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { HeadraceError } from '@headrace/errors'
import { LOCK_FILE, type PulledPipeline, pullPipeline } from '@headrace/pipeline'
import { connect, readTableCatalogue, type TableCatalogue } from '@headrace/postgres'
import { lineDifferences } from '../contracts/line-differences.ts'
import type { Context } from '../output.ts'
import { writeLock } from './contracts.ts'
import { postgresUrlOf } from './source.ts'

interface Options {
  readonly postgres?: string
  readonly out: string
  readonly schema: readonly string[]
  readonly table: readonly string[]
  readonly name?: string
  readonly force?: boolean
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value]

const catalogueOf = async (url: string, schemas: readonly string[]): Promise<TableCatalogue> => {
  const session = await connect({ url, applicationName: 'headrace-cli' })
  try {
    return await readTableCatalogue(session, schemas)
  } finally {
    await session.stop()
  }
}

const schemasOf = ({ schema, table }: Options): readonly string[] => {
  const ofTables = table.filter(name => name.includes('.')).map(name => name.slice(0, name.indexOf('.')))
  const plain = table.some(name => !name.includes('.')) || table.length === 0
  const asked = schema.length > 0 ? schema : plain ? ['public'] : []
  return [...new Set([...asked, ...ofTables])]
}

/** The tables that were asked for; one that is not there is a mistake, with what is there. */
const selected = (catalogue: TableCatalogue, wanted: readonly string[]): TableCatalogue['tables'] => {
  if (catalogue.missingSchemas.length > 0) {
    throw new HeadraceError(
      'contracts.nothing_to_pull',
      `there is no schema ${catalogue.missingSchemas.join(', ')}`,
      {
        where: catalogue.database,
        hint: 'Name another --schema, or the right database in --postgres.',
      },
    )
  }
  if (wanted.length === 0) return catalogue.tables
  const fits = (
    name: string,
    { schema, name: table }: { readonly schema: string; readonly name: string },
  ): boolean => name === table || name === `${schema}.${table}`
  const missing = wanted.filter(name => !catalogue.tables.some(table => fits(name, table)))
  if (missing.length > 0) {
    const there = catalogue.tables.map(({ schema, name }) => `${schema}.${name}`).join(', ')
    throw new HeadraceError('contracts.nothing_to_pull', `there is no table ${missing.join(', ')}`, {
      where: catalogue.database,
      hint: there === '' ? 'The schema has no tables.' : `Tables that are there: ${there}.`,
    })
  }
  return catalogue.tables.filter(table => wanted.some(name => fits(name, table)))
}

const hasView = (dir: string): boolean => {
  const folder = join(dir, 'views')
  return existsSync(folder) && readdirSync(folder).some(name => /\.ya?ml$/.test(name))
}

type FileState = 'new' | 'same' | 'differs'

const stateOf = (path: string, text: string): FileState =>
  existsSync(path) ? (readFileSync(path, 'utf8') === text ? 'same' : 'differs') : 'new'

/** The file appears whole or not at all. */
const write = (path: string, text: string): void => {
  try {
    mkdirSync(dirname(path), { recursive: true })
    const beside = `${path}.${process.pid}`
    writeFileSync(beside, text)
    renameSync(beside, path)
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new HeadraceError('usage.invalid', `${path} cannot be written: ${why}`, {
      hint: 'Name a folder in --out that may be written.',
    })
  }
}

interface Written {
  readonly written: readonly string[]
  readonly overwritten: readonly string[]
  readonly unchanged: readonly string[]
}

const writeAll = (dir: string, pulled: PulledPipeline, force: boolean): Written => {
  const files = new Map(pulled.files)
  if (pulled.view !== undefined && !hasView(dir)) files.set(pulled.view.path, pulled.view.text)
  const found = [...files].map(([path, text]) => ({ path, text, state: stateOf(join(dir, path), text) }))
  const paths = (state: FileState): readonly string[] =>
    found.filter(file => file.state === state).map(file => file.path)
  const differing = paths('differs')
  if (differing.length > 0 && !force) {
    const list = differing
      .flatMap(path => [
        `\n  ${path}`,
        ...lineDifferences(readFileSync(join(dir, path), 'utf8'), files.get(path) ?? '').map(
          line => `\n      ${line}`,
        ),
      ])
      .join('')
    throw new HeadraceError(
      'contracts.files_differ',
      `these files are not what would be written; nothing was changed${list}`,
      {
        where: dir,
        hint: 'Take over by hand what is new (lines with +), or overwrite all of it, also what you wrote, with --force.',
      },
    )
  }
  for (const { path, text, state } of found) if (state !== 'same') write(join(dir, path), text)
  const lock = writeLock(dir)
  return {
    written: [...paths('new'), ...(lock.changed ? [LOCK_FILE] : [])],
    overwritten: differing,
    unchanged: paths('same'),
  }
}

const KINDS: Readonly<Record<string, string>> = {
  v: 'a view',
  m: 'a materialised view',
  f: 'a foreign table',
}

const report = (
  { out }: Context,
  dir: string,
  pulled: PulledPipeline,
  files: Written,
  notes: PulledPipeline['notes'],
): void => {
  out.value({
    pipeline: pulled.name,
    dir,
    datasets: pulled.datasets,
    view: pulled.view?.root,
    ...files,
    notes,
  })
  out.line(`pipeline ${out.paint('bold', pulled.name)}: ${pulled.datasets.length} datasets\n`)
  for (const path of files.written) out.line(`  ${out.paint('green', 'new')}          ${join(dir, path)}`)
  for (const path of files.overwritten)
    out.line(`  ${out.paint('yellow', 'overwritten')}  ${join(dir, path)}`)
  for (const path of files.unchanged) out.line(`  unchanged    ${join(dir, path)}`)
  if (notes.length > 0) out.line(`\n${out.paint('yellow', 'not taken as it is:')}`)
  for (const { what, why, todo } of notes) out.line(`  ${what}: ${why}\n      ${todo}`)
  out.line(`\nFill in the owner of each contract, look at views/, then: headrace check ${dir}`)
}

const pull = async (context: Context, options: Options): Promise<void> => {
  const catalogue = await catalogueOf(postgresUrlOf(options.postgres, context.config), schemasOf(options))
  const tables = selected(catalogue, options.table)
  const pulled = pullPipeline(tables, catalogue.database, options.name)
  const others = options.table.length > 0 ? [] : catalogue.others
  const notes = [
    ...pulled.notes,
    ...others.map(({ schema, name, kind }) => ({
      what: `${schema}.${name}`,
      why: `${KINDS[kind] ?? 'no table'} has no changes of its own`,
      todo: 'left out; use the tables it reads',
    })),
  ]
  report(context, options.out, pulled, writeAll(options.out, pulled, options.force === true), notes)
}

/** `headrace contracts pull` (04 K3). */
export const addPull = (contracts: Command, context: Context): void => {
  contracts
    .command('pull')
    .description('write a pipeline folder from a live database: contracts, lock, and a view to begin with')
    .requiredOption(
      '--out <dir>',
      'folder to write; files that were changed by hand are never overwritten unasked',
    )
    .option('--postgres <url>', 'postgres://user:password@host:port/database')
    .option('--schema <name>', 'schema to read, default public; may be given several times', collect, [])
    .option(
      '--table <name>',
      'only this table (name or schema.name); may be given several times',
      collect,
      [],
    )
    .option('--name <pipeline>', "name of the pipeline; by default the database's")
    .option('--force', 'overwrite files that differ')
    .option('--json', 'print one JSON object')
    .action((options: Options) => pull(context, options))
}
