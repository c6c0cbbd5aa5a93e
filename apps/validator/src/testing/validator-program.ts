import { startValidator } from './harness.ts'
import { testPipeline } from './test-pipeline.ts'

/** A validator in a process of its own, to be killed: name of the pipeline, failpoints. */
const [name = '', failpoints = ''] = process.argv.slice(2)
const running = startValidator(testPipeline(name), 20_000, failpoints)
process.on('SIGTERM', () => void running.stop())
await running.done
process.exit(0)
