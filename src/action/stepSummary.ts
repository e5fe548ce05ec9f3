/** Writes the step summary: a markdown file that the runner shows on the run's page. */
import { appendFile, stat } from 'node:fs/promises'

/** Size above which the runner drops the whole summary, bytes. */
const LIMIT_BYTES = 1024 * 1024

/** Returns how many bytes this step may still add to the summary; 0 if the platform has none. */
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
 * Appends markdown to the summary. The caller has redacted it, because not every platform does. Returns why it could not be written; `null`
 * on success, and on a platform without summaries.
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
