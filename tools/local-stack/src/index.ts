export {
  addressEnvironment,
  allStacks,
  startStack,
  stackStatus,
  stopStack,
  type Addresses,
  type Stack,
  type StackOptions,
  type StackStatus,
} from './stack.ts'
export { type Progress } from './progress.ts'
export { type KafkaOptions, type ServiceOptions } from './service.ts'
export {
  kafkaVersions,
  serviceNames,
  versions,
  type KafkaVersion,
  type ServerName,
  type ServiceName,
} from './versions.ts'
export { runStackCommand } from './cli.ts'
