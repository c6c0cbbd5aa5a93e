const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 }

/** `1s` -> 1000. Elasticsearch's default of 1 s where nothing is set; -1 when refresh is off. */
export const parseInterval = (text: string | undefined): number => {
  const [, value, unit] = /^(-?\d+)(ms|s|m)?$/.exec(text ?? '1s') ?? []
  return value === '-1' ? -1 : Number(value) * (UNITS[unit ?? 'ms'] ?? 1)
}

/** How often the index behind a view makes new documents visible, in ms. */
export const readRefreshInterval = async (elasticsearchUrl: string, view: string): Promise<number> => {
  const response = await fetch(
    `${elasticsearchUrl}/${view}/_settings/index.refresh_interval?flat_settings=true`,
  )
  const answer = (await response.json()) as Record<string, { settings?: Record<string, string> }>
  return parseInterval(Object.values(answer)[0]?.settings?.['index.refresh_interval'])
}
