import { connect } from 'node:net'
import { HeadraceError } from '@headrace/errors'
import type { ServiceName } from './versions.ts'

const TIMEOUT_MS = 5_000

const SETTINGS: Readonly<Record<ServiceName, { readonly setting: string; readonly port: number }>> = {
  postgres: { setting: 'HEADRACE_POSTGRES_URL', port: 5432 },
  kafka: { setting: 'HEADRACE_KAFKA_BROKERS', port: 9092 },
  elasticsearch: { setting: 'HEADRACE_ELASTICSEARCH_URL', port: 9200 },
}

interface Place {
  readonly host: string
  readonly port: number
}

/** Where an address points: a URL, or brokers as `host:port,...`. */
export const placesOf = (service: ServiceName, address: string): readonly Place[] =>
  address.split(',').flatMap(part => {
    const text = part.includes('://') ? part.trim() : `tcp://${part.trim()}`
    if (!URL.canParse(text)) return []
    const { hostname, port, protocol } = new URL(text)
    const usual = protocol === 'https:' ? 443 : SETTINGS[service].port
    return [{ host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? usual : Number(port) }]
  })

const answers = ({ host, port }: Place): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect({ host, port, timeout: TIMEOUT_MS })
    const done = (open: boolean) => (): void => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', done(true)).once('error', done(false)).once('timeout', done(false))
  })

/** A server that was given and is not there is told at once, not by every test that would use it. Throws stack.given_unreachable. */
export const requireAnswering = async (
  given: Readonly<Partial<Record<ServiceName, string>>>,
): Promise<void> => {
  for (const [service, address] of Object.entries(given) as [ServiceName, string][]) {
    const places = placesOf(service, address)
    const open = await Promise.all(places.map(answers))
    if (open.includes(true)) continue
    const where = places.map(({ host, port }) => `${host}:${port}`).join(', ')
    const { setting } = SETTINGS[service]
    throw new HeadraceError(
      'stack.given_unreachable',
      `nothing answers at the ${service} that ${setting} names`,
      {
        where: where === '' ? setting : where,
        hint: `Start it, mend the address, or unset ${setting}: then one is started here.`,
      },
    )
  }
}
