import type { YamlPath } from './yaml-file.ts'

/** Stands where a name belongs that could not be read. Whoever looks it up is silent. */
export const UNREAD_NAME = 'x_unread_name_x'

const startsWith = (path: YamlPath, start: YamlPath): boolean =>
  start.length <= path.length && start.every((step, index) => step === path[index])

/**
 * Paths of a file whose values are not known: they are wrong, or missing, or an unknown key may have meant them. What follows
 * from them is no mistake of its own.
 */
export class Doubts {
  readonly #paths: readonly YamlPath[]

  constructor(paths: readonly YamlPath[] = []) {
    this.#paths = paths
  }

  /** The value at the path is not known, or something above it is not. */
  at(path: YamlPath): boolean {
    return this.#paths.some(each => startsWith(path, each))
  }

  /** The same, or something below the path is not known. */
  within(path: YamlPath): boolean {
    return this.at(path) || this.#paths.some(each => startsWith(each, path))
  }
}
