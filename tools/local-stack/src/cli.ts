import { parseArgs } from 'node:util'
import { HeadraceError } from '@headrace/errors'
import {
  addressEnvironment,
  allStacks,
  startStack,
  type StackStatus,
  stackStatus,
  stopStack,
} from './stack.ts'
import { type ServiceName, serviceNames } from './versions.ts'

const help = `npm run stack -- start | stop | status [options]

  --name NAME        which stack (default dev); status without it lists all
  --services a,b     of postgres, kafka, elasticsearch (default all)
  --json             one object on standard output, nothing else
  --wipe             stop: remove the data as well
`

interface Output {
  /** One line of result on standard output. */
  readonly write: (line: string) => void
  /** One line of progress on standard error. */
  readonly note: (line: string) => void
}

interface Flags {
  readonly name: string | undefined
  readonly services: readonly ServiceName[]
  readonly json: boolean
  readonly wipe: boolean
}

const isService = (name: string): name is ServiceName => (serviceNames as readonly string[]).includes(name)

const parseServices = (text: string | undefined): readonly ServiceName[] => {
  if (text === undefined) return serviceNames
  const names = text.split(',').map(name => name.trim())
  const unknown = names.find(name => !isService(name))
  if (unknown !== undefined)
    throw new HeadraceError(
      'usage.invalid',
      `"${unknown}" is no service; there are ${serviceNames.join(', ')}`,
    )
  return names.filter(isService)
}

const start = async (flags: Flags, out: Output, signal: AbortSignal): Promise<void> => {
  const began = Date.now()
  const stack = await startStack({
    name: flags.name ?? 'dev',
    services: flags.services,
    progress: (subject, line) => out.note(`${subject.padEnd(13)} ${line}`),
    signal,
  })
  const environment = addressEnvironment(stack.addresses)
  const seconds = (Date.now() - began) / 1000
  if (flags.json) {
    out.write(
      JSON.stringify({
        name: stack.name,
        folder: stack.folder,
        addresses: stack.addresses,
        environment,
        pids: stack.pids,
        seconds,
      }),
    )
    return
  }
  for (const [name, value] of Object.entries(environment)) out.write(`export ${name}=${value}`)
  out.note(
    `Stack ${stack.name} is up after ${seconds.toFixed(1)} s. Data and logs: ${stack.folder}. It runs until: npm run stack -- stop --name ${stack.name}`,
  )
}

const stop = async (flags: Flags, out: Output): Promise<void> => {
  const name = flags.name ?? 'dev'
  const ran = await stopStack(name, {
    progress: (subject, line) => out.note(`${subject.padEnd(13)} ${line}`),
    wipe: flags.wipe,
  })
  if (flags.json) out.write(JSON.stringify({ name, stopped: ran }))
  else out.note(ran ? `Stack ${name} is stopped.` : `Stack ${name} did not run.`)
}

const describe = (stack: StackStatus): string[] =>
  Object.entries(stack.services).map(
    ([service, { running, address, version, pid }]) =>
      `${stack.name.padEnd(12)} ${service.padEnd(13)} ${version.padEnd(8)} ${running ? `up, pid ${pid}` : 'down'}  ${address}`,
  )

const status = (flags: Flags, out: Output): void => {
  const one = flags.name === undefined ? undefined : stackStatus(flags.name)
  const stacks = flags.name === undefined ? allStacks() : one === undefined ? [] : [one]
  if (flags.json) out.write(JSON.stringify(stacks))
  else if (stacks.length === 0) out.note('No stack.')
  else for (const line of stacks.flatMap(describe)) out.write(line)
}

/** `npm run stack -- ...`; throws HeadraceError usage.invalid on a wrong command line. */
export const runStackCommand = async (
  args: readonly string[],
  out: Output,
  signal: AbortSignal,
): Promise<void> => {
  const options = {
    name: { type: 'string' },
    services: { type: 'string' },
    json: { type: 'boolean', default: false },
    wipe: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false, short: 'h' },
  } as const
  let parsed
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw new HeadraceError('usage.invalid', error instanceof Error ? error.message : String(error), {
      hint: help,
    })
  }
  const { values, positionals } = parsed
  const flags = {
    name: values.name,
    services: parseServices(values.services),
    json: values.json,
    wipe: values.wipe,
  }
  const command = positionals[0]
  if (values.help) out.write(help)
  else if (command === 'start') await start(flags, out, signal)
  else if (command === 'stop') await stop(flags, out)
  else if (command === 'status') status(flags, out)
  else throw new HeadraceError('usage.invalid', 'say what to do: start, stop or status', { hint: help })
}
