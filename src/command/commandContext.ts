/** The context that `main` gives to every command. */
import type { Console } from '../action/console/console.ts'
import type { Inputs } from '../action/inputs.ts'
import type { PlatformContext } from '../action/platform.ts'

export interface CommandContext {
  readonly env: NodeJS.ProcessEnv
  readonly inputs: Inputs
  readonly event: PlatformContext
  readonly console: Console
  /** Fires when the run is cancelled. */
  readonly signal: AbortSignal
  /** Random, of this step: `post` finds by it what this process left. */
  readonly job: string
  /** Tells `post` of this job; to be called before anything is made on the engine. A step that never calls it leaves nothing to clean up. */
  readonly saveJob: () => Promise<void>
}
