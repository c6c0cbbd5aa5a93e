import * as images from '@headrace/example-image-search'
import * as retail from '@headrace/example-retail'
import type { OpenDatabase, Random } from '@headrace/testkit'

/** What a test needs of a data set to run it through the whole chain. */
export interface Example<Rows> {
  readonly pipelineFolder: string
  readonly datasets: readonly string[]
  readonly views: readonly string[]
  /** Paths of the lists of each view: the aggregator has a hop for each. */
  readonly edges: Readonly<Record<string, readonly string[]>>
  /** SQL files that make the tables. */
  readonly schemaFiles: readonly string[]
  /** Rows that are there before the first load; the same seed gives the same. */
  makeRows(random: Random, size: number): Rows
  /** SQL text that inserts them. */
  toSql(rows: Rows): string
  /** Documents of a view by hand-written SQL: record key -> JSON text. */
  expected(database: Pick<OpenDatabase, 'query'>, view: string): Promise<ReadonlyMap<string, string>>
}

/** Sized by its images. */
export const imageSearch: Example<images.Dataset> = {
  pipelineFolder: images.PIPELINE_FOLDER,
  datasets: ['image', 'annotation', 'slice_image', 'slice'],
  views: [images.VIEW],
  edges: { [images.VIEW]: ['annotations', 'slices'] },
  schemaFiles: images.LOOSE_TABLE_FILES,
  makeRows: images.makeDatasetWithOrphans,
  toSql: images.datasetSql,
  expected: database => images.expectedDocuments(database),
}

/** Sized by its customers. */
export const retailShop: Example<retail.RetailRows> = {
  pipelineFolder: retail.PIPELINE_FOLDER,
  datasets: retail.RETAIL_TABLES,
  views: retail.RETAIL_VIEWS,
  edges: {
    category_tree: ['children', 'children.products', 'products'],
    customer_orders: ['orders', 'orders.lines', 'orders.lines.events'],
    employee_team: ['reports', 'reports.customers'],
    product_catalog: ['tags', 'sold'],
    tariff_products: ['products'],
  },
  schemaFiles: [retail.SCHEMA_FILE],
  makeRows: retail.makeRetail,
  toSql: retail.retailSql,
  expected: (database, view) => retail.expectedDocuments(database, view as retail.RetailView),
}
