import { existsSync, readFileSync } from 'node:fs'
import { HeadraceError } from '@headrace/errors'
import { connect } from '@headrace/postgres'

/** Before anything is started. Throws usage.invalid. */
export const checkInitFiles = (files: readonly string[]): void => {
  for (const file of files) {
    if (!existsSync(file))
      throw new HeadraceError('usage.invalid', `there is no file ${file}`, {
        hint: 'Name it by --init FILE.sql.',
      })
  }
}

/** Runs files of SQL, each in one transaction, in the given order. Throws postgres.refused, postgres.unreachable. */
export const runInitSql = async (url: string, files: readonly string[]): Promise<void> => {
  for (const file of files) {
    const session = await connect({ url, applicationName: 'headrace-dev' })
    try {
      // our sessions have an empty search_path; people's files count on the ordinary one
      await session.query('set search_path to "$user", public')
      await session.query(readFileSync(file, 'utf8'))
    } catch (error) {
      if (error instanceof HeadraceError)
        throw new HeadraceError(error.code, error.message, { where: file, cause: error })
      throw error
    } finally {
      await session.stop()
    }
  }
}
