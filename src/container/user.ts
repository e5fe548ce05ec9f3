/**
 * Finds the numbers of a container's user (the image's USER or the configuration's) as the engine does: in the container's own files, never
 * in the host's. Pure.
 */

export interface NumericUser {
  readonly uid: number
  readonly gid: number
}

/**
 * Returns the numbers of `user`: empty, `uid`, `name`, `uid:gid`, `name:group`, …. `passwd` and `group` are the contents of the container's
 * files. A user without a group gets the group that passwd gives it, else 0. `null` if a name is not in its file, or if a number is out of
 * range. Source: moby `daemon` getUser by moby/sys/user GetExecUser.
 */
export function numericUser(user: string, passwd: string, group: string): NumericUser | null {
  const [name = '', groupName] = user === '' ? ['0'] : user.split(':')
  const entry = lines(passwd).find((fields) => fields[0] === name || fields[2] === name)
  const uid = entry ? Number(entry[2]) : Number(name)
  if (!isId(uid) || (!entry && !/^\d+$/.test(name))) return null
  if (groupName === undefined || groupName === '') return { uid, gid: entry ? Number(entry[3]) || 0 : 0 }
  const groupEntry = lines(group).find((fields) => fields[0] === groupName || fields[2] === groupName)
  const gid = groupEntry ? Number(groupEntry[2]) : Number(groupName)
  return isId(gid) && (groupEntry || /^\d+$/.test(groupName)) ? { uid, gid } : null
}

/** Tells whether `/etc/passwd` and `/etc/group` of the container must be read to know the numbers of `user`. */
export function needsFiles(user: string): boolean {
  return user !== '' && user !== '0' && !/^\d+:\d+$/.test(user)
}

function isId(id: number): boolean {
  return Number.isInteger(id) && id >= 0 && id < 2 ** 32
}

function lines(file: string): string[][] {
  return file
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => line.trim().split(':'))
}
