import { createInterface } from 'node:readline/promises'
import { HeadraceError } from '@headrace/errors'

/** Asks on the terminal, unless `yes`. Throws usage.invalid where nobody can be asked. */
export const confirm = async (question: string, yes: boolean): Promise<boolean> => {
  if (yes) return true
  if (!process.stdin.isTTY) {
    throw new HeadraceError('usage.invalid', 'nothing was removed: there is no terminal to ask on', {
      hint: 'Add --yes to remove what is listed.',
    })
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim())
  } finally {
    terminal.close()
  }
}
