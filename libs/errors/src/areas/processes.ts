import { entry, type CatalogueEntry } from '../catalogue-entry.ts'

/** Codes: processes. */
export const processesErrors = {
  'http.port_taken': entry(
    'operator',
    'stop',
    87,
    'The port of the service is taken by another process. Set HEADRACE_HTTP_PORT to a free one.',
  ),
  'internal.bug': entry(
    'headrace',
    'restart',
    70,
    'A state that cannot happen. Please report it with the log; the process restarts and replays.',
  ),
  'usage.invalid': entry('caller', 'reject', 64, 'The command line is not right. See `--help`.'),
} as const satisfies Record<string, CatalogueEntry>
