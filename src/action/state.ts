/** Saves values of the main phase for `post`, and reads them there. The runner writes them to disk and to debug logs: never save a secret. */
import { appendOrRollBack } from './appendFile.ts'

const NAME = 'marina'

/** The values that main saves for `post`, by their names. `job`: the id of the job. `command`: what it does. `reported`: there when main has reported, well or badly. */
export type SavedState = Readonly<Record<string, string>>

/**
 * Saves the whole state, or throws; does nothing on a platform without state. The last call counts. Call it before anything is created on
 * the engine: `post` needs it to find what a killed process left.
 */
export async function saveState(state: SavedState): Promise<void> {
  const path = process.env.GITHUB_STATE
  if (!path) return // the platform has no such file
  const core = await import('@actions/core') // it brings an HTTP client, a third of the bundle: read only when it is needed
  appendOrRollBack(path, () => core.saveState(NAME, JSON.stringify(state)))
}

/** Tells whether this process is the `post` phase: `src/post.ts` sets a variable, and only `post` is given a state that main saved. */
export function isPost(env: NodeJS.ProcessEnv): boolean {
  return env.MARINA_PHASE === 'post' || (env[`STATE_${NAME}`] ?? '') !== ''
}

/** Reads in `post` what main saved last; empty if it saved nothing, or if that cannot be read. */
export function readState(env: NodeJS.ProcessEnv): SavedState {
  try {
    const parsed: unknown = JSON.parse(env[`STATE_${NAME}`] ?? '{}')
    if (typeof parsed !== 'object' || parsed === null) return {}
    return Object.fromEntries(Object.entries(parsed).filter(([, value]) => typeof value === 'string'))
  } catch {
    return {} // cut short by a kill while it was written: the next start repairs what `post` cannot
  }
}
