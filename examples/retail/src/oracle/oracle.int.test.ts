import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { compareJson, type OracleTable, viewToSql } from '@headrace/denormalise'
import { loadPipeline, type Pipeline } from '@headrace/pipeline'
import { readPipelineFolder } from '@headrace/runtime'
import { createDatabase, seededRandom, type TestDatabase } from '@headrace/testkit'
import { makeRetail, oracleSql, PIPELINE_FOLDER, RETAIL_VIEWS, retailSql, SCHEMA_FILE } from '../index.ts'

interface OracleRow {
  readonly key: string
  readonly document: string
  readonly overflow?: string | null
}

const IMAGE_SEARCH = join(__dirname, '..', '..', '..', 'image-search')
const MIGRATIONS = join(IMAGE_SEARCH, 'src', 'api', 'migrations')

const tablesOf = ({ datasets }: Pipeline): ReadonlyMap<string, OracleTable> =>
  new Map(
    [...datasets].map(([name, { contract }]) => [
      name,
      {
        schema: contract.table!.schema,
        name: contract.table!.name,
        columns: new Map(contract.fields.map(field => [field.name, field.column])),
      },
    ]),
  )

const byKey = (a: OracleRow, b: OracleRow): number => (a.key < b.key ? -1 : 1)

const expectSame = (actual: readonly OracleRow[], expected: readonly OracleRow[]): void => {
  const [left, right] = [[...actual].sort(byKey), [...expected].sort(byKey)]
  expect(left.map(({ key }) => key)).toEqual(right.map(({ key }) => key))
  const differences = left.flatMap(({ key, document }, index) =>
    compareJson(right[index]!.document, document).map(each => ({ key, ...each })),
  )
  expect(differences).toEqual([])
}

const pinned = async (database: TestDatabase): Promise<void> => {
  await database.query(`alter database "${database.name}" set timezone = 'UTC'`)
}

describe('the compiled oracle and SQL written by hand (05 A19)', () => {
  let database: TestDatabase
  let pipeline: Pipeline
  beforeAll(async () => {
    pipeline = loadPipeline(readPipelineFolder(PIPELINE_FOLDER))
    database = await createDatabase('retail')
    await pinned(database)
    await database.query(readFileSync(SCHEMA_FILE, 'utf8'))
    await database.query(retailSql(makeRetail(seededRandom(), 600)))
  })
  afterAll(() => database.drop())

  it.each(RETAIL_VIEWS)('agree on %s', async view => {
    const { definition } = pipeline.views.get(view)!
    const expected = await database.query<OracleRow>(oracleSql(view))
    const statement = viewToSql(definition, tablesOf(pipeline))
    const actual = await database.query<OracleRow>(statement.sql)
    expectSame(actual, expected)
    // something must be in them
    expect(expected.filter(({ document }) => document.includes('}, {')).length).toBeGreaterThan(2)

    const some = expected.slice(0, 7)
    const parameters = some.flatMap(({ key }) => statement.parametersOf(key) ?? [])
    const { sql } = viewToSql(definition, tablesOf(pipeline), { keys: some.length })
    expectSame(await database.query<OracleRow>(sql, parameters), some)
  })

  it('agree on image_enriched', async () => {
    const images = await createDatabase('images')
    try {
      await pinned(images)
      for (const file of readdirSync(MIGRATIONS).sort())
        await images.query(readFileSync(join(MIGRATIONS, file), 'utf8'))
      // a link to a slice that is not there is shown too
      await images.query('alter table slice_image drop constraint slice_image_slice_id_fkey')
      await images.query(`insert into dataset (id, name) values (1, 'one')`)
      await images.query(
        `insert into image (id, key, dataset_id, width, height, metadata)
         select i, 'image ' || i, 1, 100 + i, 200, json_build_object('timeofday', i % 2) from generate_series(1, 50) i`,
      )
      await images.query(
        `insert into annotation (id, image_id, annotation_class, annotation_type, created_at, deleted_at)
         select a, nullif(a % 40, 7), (array['car', 'Bus', 'é'])[1 + a % 3], 'box', timestamptz '2026-01-01' + (a % 5) * interval '1 s',
                case when a % 11 = 0 then now() end
         from generate_series(1, 300) a where a % 40 > 0`,
      )
      await images.query(
        `insert into slice (id, dataset_id, name, deleted_at)
         select s, 1, 'slice ' || s, case when s % 3 = 0 then now() end from generate_series(1, 6) s`,
      )
      await images.query(
        `insert into slice_image (slice_id, image_id, added_at)
         select s, i, timestamptz '2026-01-01' + (s * i % 3) * interval '1 s'
         from generate_series(1, 8) s, generate_series(1, 50) i where (s * i) % 4 = 1`,
      )
      const folder = loadPipeline(readPipelineFolder(join(IMAGE_SEARCH, 'pipeline')))
      const expected = await images.query<OracleRow>(
        readFileSync(join(IMAGE_SEARCH, 'src', 'oracle', 'image-enriched.sql'), 'utf8'),
      )
      const { sql } = viewToSql(folder.views.get('image_enriched')!.definition, tablesOf(folder))
      expectSame(await images.query<OracleRow>(sql), expected)
    } finally {
      await images.drop()
    }
  })
})
