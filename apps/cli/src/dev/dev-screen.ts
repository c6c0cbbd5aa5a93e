import type { Output } from '../output.ts'
import { fetchText, readLag } from './lag.ts'
import { REFUSING, RefusalWatch } from './refusals.ts'
import type { ServiceStatus } from './service-process.ts'
import type { Supervisor } from './supervisor.ts'

const REFRESH_MS = 1_000
const CLEAR_LINE = '\r\u001b[2K'

interface Addresses {
  readonly postgresUrl: string
  readonly kafkaBrokers: readonly string[]
  readonly elasticsearchUrl: string
}

/** What a person sees of `headrace dev`: steps, a table of addresses, then one line that is kept up to date. */
export class DevScreen {
  readonly #out: Output
  #timer: NodeJS.Timeout | undefined
  #line = ''
  readonly #noticed = new Set<string>()

  constructor(out: Output) {
    this.#out = out
  }

  step(text: string): void {
    this.#say(this.#out.paint('dim', `· ${text}`))
  }

  /** What a service tells, once. */
  notice(text: string): void {
    if (this.#noticed.has(text)) return
    this.#noticed.add(text)
    this.step(text)
  }

  problem(service: string, text: string): void {
    this.#say(`${this.#out.paint('yellow', `! ${service}`)}: ${text}`)
  }

  ready(
    backends: Addresses,
    services: Readonly<Record<string, ServiceStatus>>,
    views: readonly string[],
  ): void {
    const { hostname, port, pathname } = new URL(backends.postgresUrl)
    this.#out.line()
    this.#out.table(
      ['', 'address', 'pid'],
      [
        ['postgres', `${hostname}:${port}${pathname}`, ''],
        ['kafka', backends.kafkaBrokers.join(','), ''],
        ['elasticsearch', backends.elasticsearchUrl, ''],
        ...Object.entries(services).map(([name, { url, pid }]) => [name, url, String(pid ?? '')]),
      ],
    )
    this.#out.line(`\n${this.#out.paint('green', 'ready')}. Ctrl-C stops everything. In another window:\n`)
    const searchUrl = services['search']?.url ?? ''
    for (const view of views) this.#out.line(`  npx headrace search ${view} --url ${searchUrl}`)
    this.#out.line()
  }

  /** Shows documents and lag until `close`, and says what was refused. Without a terminal only what goes wrong is said. */
  follow(views: readonly string[], supervisor: Supervisor): void {
    const refusals = new RefusalWatch()
    let busy = false
    const refresh = async (): Promise<void> => {
      await this.#tellRefusals(refusals, supervisor)
      if (!this.#out.json && this.#out.tty) this.#show(await readLag(views, supervisor.status()))
    }
    this.#timer = setInterval(() => {
      if (busy) return
      busy = true
      void refresh().finally(() => (busy = false))
    }, REFRESH_MS)
  }

  async #tellRefusals(refusals: RefusalWatch, supervisor: Supervisor): Promise<void> {
    const services = supervisor.status()
    for (const service of REFUSING) {
      const status = services[service]
      if (status?.state !== 'ready') continue
      const metrics = (await fetchText(`${status.url}/metrics`)) ?? ''
      for (const line of refusals.look(service, metrics)) this.problem(service, line)
    }
  }

  stopping(): void {
    this.close()
    this.step('stopping')
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#show('')
  }

  #show(text: string): void {
    if (this.#out.json || !this.#out.tty || (text === '' && this.#line === '')) return
    this.#line = text
    this.#out.raw(`${CLEAR_LINE}${text}`)
  }

  /** Above the live line. */
  #say(text: string): void {
    const live = this.#line
    this.#show('')
    this.#out.note(text)
    if (live !== '') this.#show(live)
  }
}
