/**
 * Takes back what was appended to the runner's file of outputs or state if the append fails half-way. A value of several lines that a full
 * disk cuts in half would fail the step, however good the backup is.
 */
import { statSync, truncateSync } from 'node:fs'

/**
 * Calls `write`, which appends to the file at `path`. If it throws, the error is thrown on, and a regular file that existed before is first
 * cut back to its former length. Without a `path` nothing is cut back.
 */
export function appendOrRollBack(path: string | undefined, write: () => void): void {
  const before = path ? statSync(path, { throwIfNoEntry: false }) : undefined
  try {
    write()
  } catch (error) {
    if (path && before?.isFile()) truncateSync(path, before.size)
    throw error
  }
}
