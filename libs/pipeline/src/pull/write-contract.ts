import { Document, isCollection, isNode } from 'yaml'
import type { PulledDataset, PulledField } from './pulled-table.ts'
import { logicalTypesFor } from '../contracts/physical-types.ts'

const property = (dataset: PulledDataset, field: PulledField): Record<string, unknown> => {
  const { column, type, name } = field
  const position = dataset.key.indexOf(name)
  const comment = dataset.table.comments.get(column.name)
  const labels = type.labels
  const isArray = type.dimensions > 0
  return {
    name,
    ...(column.name === name ? {} : { physicalName: column.name }),
    ...(comment === undefined ? {} : { description: comment }),
    logicalType: logicalTypesFor(type)[0],
    physicalType: field.physicalType,
    ...(position < 0 ? {} : { primaryKey: true, primaryKeyPosition: position + 1 }),
    ...(column.notNull || position >= 0 ? { required: true } : {}),
    // the labels give the order; of an array they are no rule for the value as a whole
    ...(labels === undefined || isArray ? {} : { enum: labels.map(value => ({ value })) }),
    ...(labels === undefined || !isArray
      ? {}
      : { customProperties: [{ property: 'headrace.labels', value: [...labels] }] }),
  }
}

const flow = (document: Document, path: readonly (string | number)[]): void => {
  const node = document.getIn(path, true)
  if (isCollection(node)) node.flow = true
}

/** YAML text of a contract (ODCS v3.2) for a table as it is now (04 K3). What only people know is left to fill in. */
export const contractText = (pipeline: string, dataset: PulledDataset): string => {
  const { table } = dataset
  const document = new Document({
    apiVersion: 'v3.2.0',
    kind: 'DataContract',
    id: `${pipeline}/${dataset.name}`,
    version: '1.0.0',
    status: 'active',
    team: { name: '' },
    schema: [
      {
        name: dataset.name,
        physicalName: `${table.schema}.${table.name}`,
        physicalType: 'table',
        ...(table.comment === undefined ? {} : { description: table.comment }),
        properties: dataset.fields.map(field => property(dataset, field)),
      },
    ],
  })
  document.commentBefore =
    ' Pulled from the database by `headrace contracts pull`. Yours now: add rules, descriptions and the owner.'
  const owner = document.getIn(['team', 'name'], true)
  if (isNode(owner)) owner.comment = ' fill in: who answers for this data'
  dataset.fields.forEach((field, index) => {
    field.type.labels?.forEach((_, label) =>
      flow(document, ['schema', 0, 'properties', index, 'enum', label]),
    )
    flow(document, ['schema', 0, 'properties', index, 'customProperties', 0, 'value'])
  })
  return document.toString({ lineWidth: 110 })
}

/** YAML text of pipeline.yaml. */
export const pipelineText = (pipeline: string, datasets: readonly PulledDataset[]): string => {
  const tables = datasets.map(({ table }) => `${table.schema}.${table.name}`)
  const document = new Document({ name: pipeline, partitions: 4, sources: { main: { tables } } })
  return document.toString({ lineWidth: 110 })
}
