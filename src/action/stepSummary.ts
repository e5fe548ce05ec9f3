/** Writes the step summary: a file that the runner shows on the run's page, where the platform has one. */
import { constants } from 'node:fs'
import { appendFile, open, stat } from 'node:fs/promises'

/** Size of the file over which the runner drops the whole summary, bytes. */
const LIMIT_BYTES = 1024 * 1024

export interface StepSummary {
  /** Longest markdown that `write` takes, bytes: what others left free when the summary was opened; 0 where the platform has no summaries. */
  readonly roomBytes: number
  /**
   * Adds markdown, from which the caller has taken the secrets: not every platform does that. A second call replaces what the first one
   * added (if the summary is a pipe or a device, the second call does nothing). Returns in one sentence why it could not be written, else
   * `null`, also on a platform without summaries.
   */
  write(markdown: string): Promise<string | null>
}

export async function openSummary(env: NodeJS.ProcessEnv): Promise<StepSummary> {
  const path = env.GITHUB_STEP_SUMMARY
  if (!path) return { roomBytes: 0, write: async () => null }
  const before = await stat(path).catch(() => null) // it is made by the first who writes
  const start = before?.size ?? 0
  const isFile = before?.isFile() ?? true
  let written = ''

  async function put(text: string): Promise<void> {
    if (isFile) return overwriteFrom(path as string, start, text)
    if (written === '') await appendFile(path as string, text) // a device or a pipe takes nothing back
  }

  return {
    roomBytes: Math.max(0, LIMIT_BYTES - start - 1),
    async write(markdown) {
      const text = `${markdown}\n`
      if (start + Buffer.byteLength(text) > LIMIT_BYTES) return 'The step summary has no room left (1 MiB).'
      try {
        await put(text)
        written = text
        return null
      } catch (error) {
        if (isFile) await overwriteFrom(path, start, written).catch(() => {}) // half of a table is worse than none
        return `The step summary could not be written: ${(error as Error).message}`
      }
    },
  }
}

/** Replaces all that the file at `path` holds from byte `start` on by `text`. Creates the file if need be. */
async function overwriteFrom(path: string, start: number, text: string): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT, 0o644)
  try {
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; )
      at += (await file.write(bytes, at, bytes.length - at, start + at)).bytesWritten
    await file.truncate(start + bytes.length)
  } finally {
    await file.close()
  }
}
