export { backendEnvironment, type Backends, backends } from './backends.ts'
export { createDatabase, type OpenDatabase, openDatabase, type TestDatabase } from './database.ts'
export { type NodeCommand, nodeCommand } from './node-command.ts'
export { type Random, seededRandom, testRuns, testSeed } from './random.ts'
export { uniqueName } from './unique-name.ts'
export { waitFor, type WaitOptions } from './wait-for.ts'
export { type DevProcess, type DevService, type DevState, startDev } from './dev-process.ts'
export { canonicalJson, canonicalNumber, exactJsonText, parseExactJson } from './exact-json.ts'
export { countIndex, dropIndices, type IndexedDocuments, readIndex } from './index-reader.ts'
export { type KafkaOffsets, openKafkaOffsets } from './kafka-offsets.ts'
export { compareDocuments, type Difference } from './compare-documents.ts'
export { copyPipeline, type PipelineCopy } from './pipeline-copy.ts'
export { type Comparison, type EqualOptions, waitUntilEqual } from './wait-until-equal.ts'
export {
  type Change,
  type RandomWritersOptions,
  type Statement,
  writeRandomly,
  type Written,
} from './random-writers.ts'
