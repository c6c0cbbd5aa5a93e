import { entry, type CatalogueEntry } from '../catalogue-entry.ts'

/** Codes: Kafka. */
export const kafkaErrors = {
  'kafka.broker_too_old': entry(
    'operator',
    'stop',
    69,
    'The broker does not know a request that exactly-once delivery needs. Kafka 3.9 or newer is needed.',
  ),
  'kafka.fenced': entry(
    'headrace',
    'restart',
    75,
    'The partitions belong to a newer generation of the consumer group: nothing was written. The work is dropped; the next assignment takes it up from the committed offsets.',
  ),
  'kafka.not_trusted': entry(
    'operator',
    'stop',
    77,
    'The certificate of a broker is not trusted, is for another name, or is out of date. Waiting does not mend it: give the certificate authority, or the name that the certificate carries.',
  ),
  'kafka.offset_out_of_range': entry(
    'operator',
    'stop',
    65,
    'The position to read from is not in the log (any more): retention removed it, or the topic was made anew. Nothing is skipped silently; rebuild, or reset the position.',
  ),
  'kafka.partition_mismatch': entry(
    'operator',
    'stop',
    78,
    'Topics that are read together have different numbers of partitions, or an existing topic has another number than configured. Partition counts cannot be changed in place.',
  ),
  'kafka.record_too_large': entry(
    'operator',
    'stop',
    65,
    'A record is bigger than its topic takes. Nothing of its transaction was written. Rows and documents over the limits of pipeline.yaml never come so far: after raising them run `headrace topics apply`.',
  ),
  'kafka.refused': entry(
    'operator',
    'stop',
    77,
    'The broker refused a request for a reason that waiting does not mend, such as missing rights. The message has its error.',
  ),
  'kafka.topic_missing': entry('operator', 'restart', 89, 'A topic does not exist (yet).'),
  'kafka.transaction_lost': entry(
    'headrace',
    'restart',
    75,
    'A transaction failed. The message says whether it was certainly not committed or whether its outcome is unknown; the committed offsets tell.',
  ),
  'kafka.unreachable': entry(
    'operator',
    'retry',
    85,
    'No broker answered in time. Nothing is skipped; work goes on when Kafka is back.',
  ),
  'kafka.unsupported_format': entry(
    'operator',
    'stop',
    65,
    'Records are in a format or compression that is not understood.',
  ),
  'kafka.writer_fenced': entry(
    'operator',
    'restart',
    75,
    'Another process with the same name took over, or this one was away for longer than its transaction timeout. Give every instance a name of its own; the process restarts and goes on from the committed offsets.',
  ),
} as const satisfies Record<string, CatalogueEntry>
