/** The runner's files of outputs and state: a value of several lines that is cut by a full disk would fail the step, however good the backup is. */
import { randomUUID } from 'node:crypto'
import { appendFileSync, statSync, truncateSync } from 'node:fs'

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

/**
 * Appends the values to a file of the runner (`GITHUB_OUTPUT`, `GITHUB_STATE`), all of them or none: the last of a name counts. Without
 * a path it does nothing: the platform has no such file. `@actions/core` does the same, but brings an HTTP client, which is a third of
 * the bundle.
 */
export function appendValues(path: string | undefined, values: Readonly<Record<string, string>>): void {
  if (!path) return
  const text = Object.entries(values).map(([name, value]) => {
    const delimiter = `marina-${randomUUID()}` // nobody can write it into a value beforehand
    return `${name}<<${delimiter}\n${value}\n${delimiter}\n`
  })
  appendOrRollBack(path, () => appendFileSync(path, text.join('')))
}
