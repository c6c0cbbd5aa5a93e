import { HeadraceError, type ErrorCode } from '@headrace/errors'

/* What an error of kafkajs or of a broker means. Pure. */

interface KafkajsError extends Error {
  readonly type?: unknown
  /** Node's code of a socket's error. */
  readonly code?: unknown
  /** CreateTopics gathers its errors. */
  readonly errors?: readonly unknown[]
}

const chain = (error: unknown): KafkajsError[] => {
  const errors: KafkajsError[] = []
  for (let e: unknown = error; e instanceof Error && errors.length < 8;) {
    const one: KafkajsError = e
    errors.push(one)
    e = one.cause ?? one.errors?.[0]
  }
  return errors
}

/** The broker's error type (`ILLEGAL_GENERATION` ...), undefined when it is none. */
export const brokerErrorType = (error: unknown): string | undefined => {
  for (const { type } of chain(error)) if (typeof type === 'string') return type
  return undefined
}

const CONNECTION_ERRORS = new Set([
  'KafkaJSBrokerNotFound',
  'KafkaJSConnectionClosedError',
  'KafkaJSConnectionError',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSLockTimeout',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSRequestTimeoutError',
  'KafkaJSTopicMetadataNotLoaded',
])

/** No answer: the request may have been carried out or not. */
export const isConnectionFault = (error: unknown): boolean =>
  chain(error).some(({ name }) => CONNECTION_ERRORS.has(name))

/** The answer says that the same request works later or elsewhere. */
const TRANSIENT = new Set([
  'CONCURRENT_TRANSACTIONS',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'CORRUPT_MESSAGE',
  'FENCED_LEADER_EPOCH',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
  'KAFKA_STORAGE_ERROR',
  'LEADER_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'NOT_CONTROLLER',
  'NOT_COORDINATOR_FOR_GROUP',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'NOT_LEADER_FOR_PARTITION',
  'OFFSET_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'REQUEST_TIMED_OUT',
  'UNKNOWN_LEADER_EPOCH',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'UNSTABLE_OFFSET_COMMIT',
])

/** How Node says that a certificate is refused, by this side or, as an alert, by the broker. */
const NOT_TRUSTED =
  /^(CERT_|CRL_|ERR_TLS_CERT|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT|UNABLE_TO_(GET|VERIFY|DECODE)_|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|ERR_SSL_.*ALERT_.*(CERTIFICATE|UNKNOWN_CA))/

const isNotTrusted = (error: unknown): boolean =>
  chain(error).some(({ code }) => typeof code === 'string' && NOT_TRUSTED.test(code))

export const isTransient = (error: unknown): boolean => {
  if (isNotTrusted(error)) return false
  const type = brokerErrorType(error)
  return type === undefined ? isConnectionFault(error) : TRANSIENT.has(type)
}

const MOVED_COORDINATOR = new Set(['GROUP_COORDINATOR_NOT_AVAILABLE', 'NOT_COORDINATOR_FOR_GROUP'])

/** The coordinator has to be looked up again. */
export const isCoordinatorLost = (error: unknown): boolean =>
  MOVED_COORDINATOR.has(brokerErrorType(error) ?? '') || isConnectionFault(error)

const MEMBERSHIP_OVER = new Set([
  'FENCED_INSTANCE_ID',
  'ILLEGAL_GENERATION',
  'REBALANCE_IN_PROGRESS',
  'UNKNOWN_MEMBER_ID',
])

/** The membership is not the group's present one (any more). */
export const isMembershipOver = (error: unknown): boolean => MEMBERSHIP_OVER.has(brokerErrorType(error) ?? '')

const PRODUCER_OVER = new Set([
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
  // what was begun is not under way any more: somebody else has ended it
  'INVALID_TXN_STATE',
  'PRODUCER_FENCED',
  'TRANSACTION_COORDINATOR_FENCED',
])

/** The transactional id belongs to a newer process, or the broker gave up this one's transaction. */
export const isProducerOver = (error: unknown): boolean => PRODUCER_OVER.has(brokerErrorType(error) ?? '')

/** The broker failed while it worked, and cannot say whether the request was carried out. */
export const isBrokerFailure = (error: unknown): boolean => brokerErrorType(error) === 'UNKNOWN'

const CODES: Readonly<Record<string, ErrorCode>> = {
  MESSAGE_TOO_LARGE: 'kafka.record_too_large',
  RECORD_LIST_TOO_LARGE: 'kafka.record_too_large',
  OFFSET_OUT_OF_RANGE: 'kafka.offset_out_of_range',
  UNKNOWN_TOPIC_OR_PARTITION: 'kafka.topic_missing',
  UNSUPPORTED_VERSION: 'kafka.broker_too_old',
}

const isDenied = (error: unknown): boolean =>
  chain(error).some(({ name }) => name === 'KafkaJSSASLAuthenticationError')

const codeFor = (error: unknown): ErrorCode => {
  const type = brokerErrorType(error)
  if (isMembershipOver(error)) return 'kafka.fenced'
  if (isProducerOver(error)) return 'kafka.writer_fenced'
  const code = type === undefined ? undefined : CODES[type]
  if (code !== undefined) return code
  if (isDenied(error)) return 'kafka.refused'
  if (isNotTrusted(error)) return 'kafka.not_trusted'
  if (isTransient(error)) return 'kafka.unreachable'
  return type === undefined ? 'internal.bug' : 'kafka.refused'
}

const DENIED_HINT =
  'See HEADRACE_KAFKA_SASL_MECHANISM, HEADRACE_KAFKA_SASL_USERNAME and HEADRACE_KAFKA_SASL_PASSWORD.'
const TRUST_HINT =
  'HEADRACE_KAFKA_TLS_CA takes the certificate authority (PEM), HEADRACE_KAFKA_TLS_SERVERNAME the name on the certificate.'

const hintFor = (error: unknown): string | undefined => {
  if (isNotTrusted(error)) return TRUST_HINT
  return isDenied(error) ? DENIED_HINT : undefined
}

/** An error of ours for anything thrown by a request. `doing` ends the sentence "kafka failed ...". */
export const kafkaError = (error: unknown, doing: string, where?: string): HeadraceError => {
  if (error instanceof HeadraceError) return error
  const said = brokerErrorType(error) ?? (error instanceof Error ? error.message : String(error))
  const hint = hintFor(error)
  return new HeadraceError(codeFor(error), `${doing}: ${said}`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
    ...(where === undefined ? {} : { where }),
  })
}
