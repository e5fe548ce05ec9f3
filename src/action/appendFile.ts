/**
 * Appends to the runner's files of outputs and state. A value of several lines that a full disk cuts in half would fail the step, however
 * good the backup is.
 */
import { statSync, truncateSync } from 'node:fs'

/** Calls `write`, which appends to the file at `path`. If it throws, the file is cut back to its former length and the error is thrown on. */
export function appendOrRollBack(path: string | undefined, write: () => void): void {
  const before = path ? statSync(path, { throwIfNoEntry: false }) : undefined
  try {
    write()
  } catch (error) {
    if (path && before?.isFile()) truncateSync(path, before.size)
    throw error
  }
}
