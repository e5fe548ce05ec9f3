/** The surroundings of one instance's run: the host, the runner's files, and what other parts of the action know. */

import type { DockerHost } from '../claim/host.ts'
import type { Instance, Target } from '../config/model.ts'

export interface InstanceContext {
  readonly host: DockerHost
  /** The value of `MARINA_HOSTNAME`: the configuration's `nodeName`, else the Docker host's name. */
  readonly hostName: string
  readonly runUrl: string | null
  readonly lockWaitMs: number
  /** Cancels the run. */
  readonly signal: AbortSignal
  /** Hides secrets that come to light on the way (passwords in `dumpArgs`), in all that is printed from then on. */
  readonly hide: (secrets: readonly string[]) => void
  /** A file of the repository, for `script`. Throws an `InstanceError` where it is not there or lies outside. */
  readonly readScript: (file: string) => Promise<Buffer>
  /** Returns the targets that labels on the host give to an instance. Throws `InstanceError` if the labels are wrong. */
  readonly discover: (instance: string) => Promise<readonly Target[]>
  /** Returns a line for each thing that the instance asks for and that is not built yet. */
  readonly pending: (instance: Instance) => readonly string[]
}
