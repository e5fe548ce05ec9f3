/** Defines the context that `main` gives to every command. */
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
  /** Random id of this process, by which the `post` phase of the step finds what it left on the engine. */
  readonly job: string
  /** Saves `job` for `post`. Call it before anything is created on the engine: without it `post` cleans up nothing. Never throws. */
  readonly saveJob: () => Promise<void>
  /** Tells `post` that this run has reported. Call it when the step summary is written: without it `post` calls the run killed. Never throws. */
  readonly saveReported: () => Promise<void>
}
