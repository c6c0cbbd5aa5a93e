import { createKafka, type Kafka, kafkaConnection } from '@headrace/kafka'
import type { Context } from './output.ts'

/** A connection of a command; what it waits for is said meanwhile. Connects at first use. */
export const connectKafka = ({ config, out }: Context, brokers: readonly string[]): Kafka => {
  const silent = (): void => undefined
  const say = (fields: Readonly<Record<string, string | number | boolean>>, event: string): void => {
    const details = Object.entries(fields).map(([name, value]) => `${name} ${value}`)
    out.note(`${event} (${details.join(', ')})`)
  }
  const log = { debug: silent, info: say, warn: say, error: say }
  return createKafka(kafkaConnection({ ...config, brokers }, `headrace-cli-${process.pid}`, log))
}
