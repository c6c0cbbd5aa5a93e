import { startChain } from '../chain.ts'
import { imageSearch } from '../examples.ts'

// a program that drives `headrace dev` and is then killed: prints the state as one line and stays
const chain = await startChain(imageSearch, { prefix: 'driven', size: 0 })
process.stdout.write(`${JSON.stringify(chain.dev.state())}\n`)
setInterval(() => undefined, 60_000)
