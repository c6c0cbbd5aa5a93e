import { pipelineJsonSchemas } from '@headrace/pipeline'

/** docs/schemas/*.json: what editors complete and underline the YAML by. */
export const generateSchemas = (): ReadonlyMap<string, string> =>
  new Map([...pipelineJsonSchemas()].map(([name, text]) => [`docs/schemas/${name}`, text]))
