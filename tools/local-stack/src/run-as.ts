import { readFileSync } from 'node:fs'

/** The user the servers run under. Postgres and Elasticsearch refuse to run as root. */
export interface RunAs {
  readonly uid: number
  readonly gid: number
}

/**
 * An unprivileged user of the passwd text: `nobody`, else the first that is not root. initdb wants a passwd entry,
 * so a bare number would not do. Falls back to 65534 when the text names nobody at all.
 */
export const unprivilegedUser = (passwd: string): RunAs => {
  const users = passwd.split('\n').flatMap(line => {
    const [name, , uid, gid] = line.split(':')
    return name === undefined || uid === undefined || gid === undefined
      ? []
      : [{ name, uid: Number(uid), gid: Number(gid) }]
  })
  const found = users.find(user => user.name === 'nobody') ?? users.find(user => user.uid > 0)
  return found === undefined ? { uid: 65534, gid: 65534 } : { uid: found.uid, gid: found.gid }
}

/** Whom to run the servers as: undefined for an ordinary user (nothing to change), an unprivileged one for root. */
export const runAs = (): RunAs | undefined => {
  if (process.getuid?.() !== 0) return undefined
  try {
    return unprivilegedUser(readFileSync('/etc/passwd', 'utf8'))
  } catch {
    return unprivilegedUser('')
  }
}
