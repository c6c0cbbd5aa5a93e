import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { catalogue, type ErrorCode } from '@headrace/errors'
import { createKafka } from '@headrace/kafka'
import { loadPipeline } from '@headrace/pipeline'
import { readPipelineFolder } from '@headrace/runtime'
import { backends, createDatabase, type TestDatabase, uniqueName } from '@headrace/testkit'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Ended, headrace, runProgram, type RunOptions } from './testing/run-command.ts'
import { topicPlan } from './topics/topic-plan.ts'

/** Nothing listens there. */
const NOWHERE = '127.0.0.1:1'
/** A line of a stack trace, also inside the JSON of a log line. */
const STACK = /(?:^|\n|\\n)\s+at .*:\d+:\d+|node:internal/

let database: TestDatabase
let root: string
let taken: Server
let role: string
const folder = (name: string): string => join(root, name)
const withUser = (url: string, user: string): string =>
  Object.assign(new URL(url), { username: user, password: '' }).href

/** A copy of the good folder with one file changed. */
const spoilt = (name: string, file: string, change: (text: string) => string): void => {
  cpSync(folder('good'), folder(name), { recursive: true })
  const path = join(folder(name), file)
  writeFileSync(path, change(readFileSync(path, 'utf8')))
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'headrace-bad-'))
  database = await createDatabase('bad')
  role = uniqueName('norights', '_')
  await database.query(
    `create table shop (id int primary key, name text); create table item (id int primary key, shop_id int references shop)`,
  )
  await database.query(`create role ${role} login`)
  const pulled = await headrace([
    'contracts',
    'pull',
    '--postgres',
    database.url,
    '--out',
    folder('good'),
    '--name',
    uniqueName('bad'),
  ])
  if (pulled.status !== 0) throw new Error(pulled.stderr)
  const applied = await headrace([
    'topics',
    'apply',
    folder('good'),
    '--kafka',
    backends().kafkaBrokers.join(','),
  ])
  if (applied.status !== 0) throw new Error(applied.stderr)
  spoilt('no-topics', 'pipeline.yaml', text => text.replace(/^name: .*/m, `name: ${uniqueName('none')}`))
  spoilt('wrong-yaml', 'views/shop.view.yaml', text =>
    text.replace('root: shop', 'root: shopp\nfieldz: [id]'),
  )
  spoilt('no-yaml', 'pipeline.yaml', () => 'name: [x\n')
  spoilt('stale', 'contracts/item.odcs.yaml', text =>
    text.replace('physicalType: integer', 'physicalType: bigint'),
  )
  taken = createServer()
  await new Promise<void>(resolve => taken.listen(0, resolve))
})

afterAll(async () => {
  taken?.close()
  const kafka = createKafka({ brokers: backends().kafkaBrokers, clientId: 'bad-input' })
  await kafka.admin.delete(
    topicPlan(loadPipeline(readPipelineFolder(folder('good')))).map(({ topic }) => topic),
  )
  await kafka.stop()
  await database?.query(`drop role ${role}`)
  await database?.drop()
  rmSync(root, { recursive: true, force: true })
})

const said = ({ stdout, stderr }: Ended): string => `${stdout}${stderr}`

const expectRefusal = (ended: Ended, code: ErrorCode): void => {
  const text = said(ended)
  expect({ text, status: ended.status }).toMatchObject({
    text: expect.stringContaining(`${code}: `),
    status: catalogue[code].exit,
  })
  expect(text).not.toMatch(STACK)
  expect(text).not.toContain('internal.bug')
}

/** The message has a second line that says what to do. */
const expectAdvice = (text: string, code: ErrorCode): void => {
  expect(text).toMatch(new RegExp(`${code.replace('.', '\\.')}: [^]+?(\\n|\\\\n)  \\S`))
}

/** `@name`: a folder; `$db`: the database; `$nowhere`: an address where nobody answers. */
const argsOf = (line: string): readonly string[] =>
  line
    .split(' ')
    .map(word =>
      word.startsWith('@')
        ? folder(word.slice(1))
        : word.replace('$db', database.url).replace('$nowhere', NOWHERE),
    )

describe('the command', () => {
  it.each<readonly [what: string, code: ErrorCode, line: string]>([
    ['an unknown command', 'usage.invalid', 'chek'],
    ['a folder that is not there', 'pipeline.not_found', 'check @nowhere'],
    ['wrong YAML where a pipeline is needed', 'pipeline.invalid', 'topics list @no-yaml'],
    ['a stale lock', 'pipeline.lock_stale', 'topics list @stale'],
    ['no address of Postgres', 'usage.invalid', 'source check @good'],
    ['an address of Postgres that is none', 'config.invalid', 'source check @good --postgres here'],
    [
      'Postgres that does not answer',
      'postgres.unreachable',
      'source check @good --postgres postgres://x@$nowhere/x',
    ],
    ['a database that is not there', 'postgres.refused', 'contracts pull --out @out --postgres $db_not'],
    [
      'a table that is not there',
      'contracts.nothing_to_pull',
      'contracts pull --out @out --postgres $db --table nope',
    ],
    [
      'files that would be overwritten',
      'contracts.files_differ',
      'contracts pull --out @wrong-yaml --postgres $db --name other',
    ],
    ['Kafka that does not answer', 'kafka.unreachable', 'topics apply @good --kafka $nowhere'],
    [
      'Elasticsearch that does not answer',
      'elasticsearch.unreachable',
      'view verify shop --pipeline @good --postgres $db --elasticsearch http://$nowhere',
    ],
    [
      'a view that is not there',
      'usage.invalid',
      'view verify shap --pipeline @good --postgres $db --elasticsearch http://$nowhere',
    ],
    [
      'a given Postgres that does not answer, before anything is started',
      'postgres.unreachable',
      'dev @good --postgres postgres://x@$nowhere/x',
    ],
    [
      'a given Elasticsearch that does not answer, before anything is started',
      'elasticsearch.unreachable',
      'dev @good --postgres $db --elasticsearch $nowhere --kafka $nowhere',
    ],
    ['a folder to run that is not there', 'pipeline.not_found', 'dev @nowhere'],
    ['an address of search that is none', 'usage.invalid', 'search shop id=1 --url ftp://x'],
    ['nothing to remove anything from', 'usage.invalid', 'remove @good'],
    ['a search service that does not answer', 'search.unreachable', 'search shop id=1 --url http://$nowhere'],
  ])('says what to do about %s', async (_what, code, line) => {
    const ended = await headrace(argsOf(line))
    expectRefusal(ended, code)
    expectAdvice(said(ended), code)
  })

  it('names the help of the command that was mistyped', async () => {
    const ended = await headrace(['source', 'reset', folder('good'), '--postgres', database.url])
    expectRefusal(ended, 'usage.invalid')
    expect(said(ended)).toContain('See `headrace source reset --help`.')
  })

  it('says what to do about missing Java where servers must be started', async () => {
    const ended = await headrace(
      ['dev', folder('good'), '--postgres', database.url, '--name', uniqueName('nojava')],
      {
        env: { PATH: folder('empty'), JAVA_HOME: '', XDG_STATE_HOME: folder('state') },
      },
    )
    expectRefusal(ended, 'stack.java_missing')
    expectAdvice(said(ended), 'stack.java_missing')
  })

  it('says after some seconds that it waits for Kafka, where and since when', async () => {
    const ended = await headrace(argsOf('topics apply @good --kafka $nowhere'))
    expect(ended.stderr).toMatch(
      /waiting for Kafka: no broker answers \(brokers 127\.0\.0\.1:1, since \d{4}-\S+, error .*ECONNREFUSED/,
    )
  })

  it('says what to do about another dev of the same name', async () => {
    const state = folder('state-two')
    mkdirSync(join(state, 'headrace', 'twice'), { recursive: true })
    // somebody who certainly runs
    writeFileSync(join(state, 'headrace', 'twice', 'lock'), String(process.pid))
    const ended = await headrace(['dev', folder('good'), '--name', 'twice'], {
      env: { XDG_STATE_HOME: state },
    })
    expectRefusal(ended, 'dev.already_running')
    expectAdvice(said(ended), 'dev.already_running')
    // what the other one works with stays as it is
    const lock = join(folder('stale'), 'contracts.lock.json')
    const before = readFileSync(lock, 'utf8')
    expectRefusal(
      await headrace(['dev', folder('stale'), '--name', 'twice'], { env: { XDG_STATE_HOME: state } }),
      'dev.already_running',
    )
    expect(readFileSync(lock, 'utf8')).toBe(before)
  })

  it('says what to do about a state folder that cannot be written', async () => {
    const ended = await headrace(['dev', folder('good')], {
      env: { XDG_STATE_HOME: join(folder('good'), 'pipeline.yaml') },
    })
    expectRefusal(ended, 'dev.folder_unwritable')
    expectAdvice(said(ended), 'dev.folder_unwritable')
  })

  it('lists every mistake in the folder with its place', async () => {
    const ended = await headrace(['check', folder('wrong-yaml')])
    expect(ended.status).toBe(catalogue['pipeline.invalid'].exit)
    expect(ended.stdout).toMatch(
      /views\/shop\.view\.yaml:\d+:\d+: unknown key "fieldz"\. Did you mean "fields"\?/,
    )
    expect(said(ended)).not.toMatch(STACK)
  })

  it('lists what a source lacks: tables, rights', async () => {
    const [missing, rights] = await Promise.all([
      headrace(['source', 'check', folder('good'), '--postgres', backends().postgresUrl]),
      headrace(['source', 'check', folder('good'), '--postgres', withUser(database.url, role)]),
    ])
    expect([missing.status, rights.status]).toEqual([1, 1])
    expect(missing.stdout).toContain('the table "public"."item" does not exist')
    expect(rights.stdout).toContain('may not replicate')
    expect(rights.stdout).toContain('GRANT SELECT ON "public"."item"')
    expect(said(missing) + said(rights)).not.toMatch(STACK)
  })
})

const environment = (): Record<string, string> => ({
  HEADRACE_PIPELINE: folder('good'),
  HEADRACE_POSTGRES_URL: database.url,
  HEADRACE_KAFKA_BROKERS: backends().kafkaBrokers.join(','),
  HEADRACE_ELASTICSEARCH_URL: backends().elasticsearchUrl,
  HEADRACE_HTTP_PORT: '0',
  HEADRACE_DATA_DIR: folder('data'),
})

const service = (name: string, env: Record<string, string>, options: RunOptions = {}): Promise<Ended> =>
  runProgram(`apps/${name}/src/main.ts`, [], { ...options, env: { ...environment(), ...env } })

describe('a service', () => {
  it.each(['capture', 'validator', 'aggregator', 'indexer', 'search'])(
    'refuses to start without its settings: %s',
    async name => {
      const ended = await runProgram(`apps/${name}/src/main.ts`, [])
      expectRefusal(ended, 'config.invalid')
      expect(said(ended)).toContain('HEADRACE_PIPELINE is not set')
    },
  )

  const refusals: readonly (readonly [
    name: string,
    what: string,
    code: ErrorCode,
    env: () => Record<string, string>,
  ])[] = [
    [
      'search',
      'a folder that is not there',
      'pipeline.not_found',
      () => ({ HEADRACE_PIPELINE: folder('nowhere') }),
    ],
    ['validator', 'wrong YAML', 'pipeline.invalid', () => ({ HEADRACE_PIPELINE: folder('wrong-yaml') })],
    ['capture', 'a stale lock', 'pipeline.lock_stale', () => ({ HEADRACE_PIPELINE: folder('stale') })],
    [
      'capture',
      'a port that is taken',
      'http.port_taken',
      () => ({ HEADRACE_HTTP_PORT: String((taken.address() as AddressInfo).port) }),
    ],
    [
      'search',
      'a port that is taken',
      'http.port_taken',
      () => ({ HEADRACE_HTTP_PORT: String((taken.address() as AddressInfo).port) }),
    ],
    ['search', 'a port that is no number', 'config.invalid', () => ({ HEADRACE_HTTP_PORT: 'x' })],
    [
      'capture',
      'topics that are missing',
      'kafka.topic_missing',
      () => ({ HEADRACE_PIPELINE: folder('no-topics') }),
    ],
    [
      'validator',
      'topics that are missing',
      'kafka.topic_missing',
      () => ({ HEADRACE_PIPELINE: folder('no-topics') }),
    ],
    [
      'aggregator',
      'topics that are missing',
      'kafka.topic_missing',
      () => ({ HEADRACE_PIPELINE: folder('no-topics') }),
    ],
    [
      'capture',
      'tables that are missing',
      'capture.source_unfit',
      () => ({ HEADRACE_POSTGRES_URL: backends().postgresUrl }),
    ],
    [
      'capture',
      'rights that are missing',
      'postgres.refused',
      () => ({ HEADRACE_POSTGRES_URL: withUser(database.url, role) }),
    ],
    [
      'capture',
      'a database that is not there',
      'postgres.refused',
      () => ({ HEADRACE_POSTGRES_URL: `${database.url}_not` }),
    ],
    [
      'search',
      'an address of Elasticsearch that is none',
      'config.invalid',
      () => ({ HEADRACE_ELASTICSEARCH_URL: 'here' }),
    ],
  ]
  it.each(refusals)('%s says what to do about %s', async (name, _what, code, env) => {
    const ended = await service(name, env())
    expectRefusal(ended, code)
    expectAdvice(said(ended), code)
  })

  it.each([
    ['capture', 'HEADRACE_POSTGRES_URL', `postgres://postgres@${NOWHERE}/x`, 'the source is away'],
    ['capture', 'HEADRACE_KAFKA_BROKERS', NOWHERE, 'waiting for Kafka'],
    ['indexer', 'HEADRACE_ELASTICSEARCH_URL', `http://${NOWHERE}`, 'Elasticsearch is away'],
    ['search', 'HEADRACE_ELASTICSEARCH_URL', `http://${NOWHERE}`, 'Elasticsearch does not answer'],
  ])('%s waits while %s is away, says so, and drains when told to', async (name, variable, value, until) => {
    const ended = await service(name, { [variable]: value }, { until })
    expect(said(ended)).toContain('ECONNREFUSED')
    // capture does not give up a question that Kafka has not answered: its deadline (75) may come before the answer
    expect(variable === 'HEADRACE_KAFKA_BROKERS' ? [0, 75] : [0]).toContain(ended.status)
    expect(said(ended)).not.toMatch(STACK)
  })
})
