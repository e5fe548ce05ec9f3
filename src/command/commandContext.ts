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
  /** Random id of this step, by which `post` finds what this process left on the engine. */
  readonly job: string
  /** Saves the job's id for `post`. Call it before anything is created on the engine; a step that never calls it leaves nothing to clean up. */
  readonly saveJob: () => Promise<void>
}
