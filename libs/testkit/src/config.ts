export type Environment = Readonly<Record<string, string | undefined>>

/** The environment tests run in: addresses of the backends, the seed. */
export const testEnvironment = (): Environment => process.env
