/** The runner's files of outputs and state: a value of several lines that is cut by a full disk would fail the step, however good the backup is. */
import { statSync, truncateSync } from 'node:fs'

/** Does `write`, which appends to the file at `path` (if there is one); where it throws, the file is as it was before. */
export function appendOrRollBack(path: string | undefined, write: () => void): void {
  const before = path ? statSync(path, { throwIfNoEntry: false }) : undefined
  try {
    write()
  } catch (error) {
    if (path && before?.isFile()) truncateSync(path, before.size)
    throw error
  }
}
