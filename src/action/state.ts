/** What the main phase leaves for `post`. The runner writes it to disk and shows it in debug logs: never a secret. */
import { appendOrRollBack } from './appendFile.ts'

const NAME = 'marina'

/** Names and plain values, such as the claims to look after. */
export type SavedState = Readonly<Record<string, string>>

/**
 * Saves the whole state, or throws; the last one saved counts. Call it before anything is made on the engine: `post` finds by it
 * what a process that dies leaves.
 */
export async function saveState(state: SavedState): Promise<void> {
  const path = process.env.GITHUB_STATE
  if (!path) return // the platform has no such file
  const core = await import('@actions/core') // it brings an HTTP client, a third of the bundle: read only when it is needed
  appendOrRollBack(path, () => core.saveState(NAME, JSON.stringify(state)))
}

/** Whether this process is the `post` phase: its entry says so (`src/post.ts`), and so does a state that main saved. */
export function isPost(env: NodeJS.ProcessEnv): boolean {
  return env.MARINA_PHASE === 'post' || (env[`STATE_${NAME}`] ?? '') !== ''
}

/** In `post`: what main saved last; empty where it cannot be read. */
export function readState(env: NodeJS.ProcessEnv): SavedState {
  try {
    const parsed: unknown = JSON.parse(env[`STATE_${NAME}`] ?? '{}')
    if (typeof parsed !== 'object' || parsed === null) return {}
    return Object.fromEntries(Object.entries(parsed).filter(([, value]) => typeof value === 'string'))
  } catch {
    return {} // cut short by a kill while it was written: the next start repairs what `post` cannot
  }
}
