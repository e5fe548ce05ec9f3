/** The step summary: a file that the runner shows on the run's page, where the platform has one. */
import { appendFile, stat } from 'node:fs/promises'

/** Over this the runner drops the whole summary, in bytes. */
const LIMIT_BYTES = 1024 * 1024

/** Returns how many bytes this step may still add; 0 where the platform has no summaries. */
export async function summaryRoom(env: NodeJS.ProcessEnv): Promise<number> {
  const path = env.GITHUB_STEP_SUMMARY
  if (!path) return 0
  const written = await stat(path).then(
    (file) => file.size,
    () => 0, // it is made by the first who writes
  )
  return Math.max(0, LIMIT_BYTES - written - 1)
}

/**
 * Adds markdown to the summary, from which the caller has taken the secrets: not every platform does that. Returns why it could
 * not be written, or `null`; a platform without summaries is no reason.
 */
export async function writeSummary(markdown: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  const path = env.GITHUB_STEP_SUMMARY
  if (!path) return null
  const text = `${markdown}\n`
  if (Buffer.byteLength(text) > (await summaryRoom(env)) + 1) return 'The step summary has no room left (1 MiB).'
  try {
    await appendFile(path, text)
    return null
  } catch (error) {
    return `The step summary could not be written: ${(error as Error).message}`
  }
}
