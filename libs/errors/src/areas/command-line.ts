import { entry, type CatalogueEntry } from '../catalogue-entry.ts'

/** Codes: command line. */
export const commandLineErrors = {
  'contracts.files_differ': entry(
    'operator',
    'stop',
    73,
    'Files of the pipeline folder were changed by hand and would be overwritten: nothing was written. Compare them, pull into another folder, or overwrite them with --force.',
  ),
  'contracts.nothing_to_pull': entry(
    'operator',
    'stop',
    66,
    'The database has no table that can be captured in the schemas that were asked for. The message names each table that was left out and what to do.',
  ),
  'dev.already_running': entry(
    'operator',
    'stop',
    69,
    'A `headrace dev` of this name runs already. Stop it, or give another --name.',
  ),
  'dev.folder_unwritable': entry(
    'operator',
    'stop',
    73,
    'The folder in which `headrace dev` keeps logs and state cannot be made or written. Name another by XDG_STATE_HOME.',
  ),
  'dev.not_ready': entry(
    'operator',
    'stop',
    69,
    'A service did not become ready in time. The message has its last error and its log file.',
  ),
  'dev.service_ended': entry(
    'operator',
    'stop',
    69,
    'A service of `headrace dev` ended for a reason that starting it again does not mend and that has no code of its own here (else that one is shown). The message has its last words.',
  ),
  'remove.in_use': entry(
    'operator',
    'stop',
    69,
    'Something that was to be removed is in use, so services of the pipeline still run and would make it anew. Stop them, and run the command again.',
  ),
  'search.refused': entry(
    'caller',
    'reject',
    1,
    'The search service did not take the request. The message has its reason.',
  ),
  'search.unreachable': entry(
    'operator',
    'stop',
    69,
    'The search service does not answer at the given address.',
  ),
  'topics.foreign': entry(
    'operator',
    'stop',
    65,
    'A topic of the pipeline does not begin with the marker of its making: something else wrote to it first. Use another pipeline name, or delete the topic.',
  ),
  'verify.plan_differs': entry(
    'operator',
    'stop',
    78,
    'The live index of the view was made by another plan than the folder compiles to, so comparing them says nothing. Wait until the new index is live, or use the folder the services run with.',
  ),
} as const satisfies Record<string, CatalogueEntry>
