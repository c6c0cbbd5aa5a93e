export { beginAnew, type Spells } from './begin-anew.ts'
export { type Component, ComponentScope, type Started } from './component.ts'
export {
  type ConfigOf,
  type Declaration,
  describeConfig,
  readConfig,
  readServiceConfig,
  type Setting,
  settings,
} from './config.ts'
export { createFailpoints, type Failpoints } from './failpoint.ts'
export { Health } from './health.ts'
export { kafkaSettings } from './kafka-settings.ts'
export { type Folder, readPipelineFolder } from './pipeline-folder.ts'
export { Secret } from './secret.ts'
export { runService, type ServiceLog, type ServiceOptions } from './service.ts'
export { elasticsearchSettings, serviceSettings, writerSettings } from './service-settings.ts'
