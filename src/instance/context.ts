/** What one instance's run is given from outside. */

import type { DockerHost } from '../claim/host.ts'
import type { Instance, Target } from '../config/model.ts'

export interface InstanceContext {
  readonly host: DockerHost
  /** What `MARINA_HOSTNAME` says: the configuration's `nodeName`, else the Docker host's name. */
  readonly hostName: string
  readonly runUrl: string | null
  readonly lockWaitMs: number
  /** Cancels the run. */
  readonly signal: AbortSignal
  /** Hides secrets that come to light on the way (passwords in `dumpArgs`), in all that is printed from then on. */
  readonly hide: (secrets: readonly string[]) => void
  /** A file of the repository, for `script`. Throws an `InstanceError` where it is not there or lies outside. */
  readonly readScript: (file: string) => Promise<Buffer>
  /** Targets that labels on the host give to an instance. Throws an `InstanceError` where they are wrong. */
  readonly discover: (instance: string) => Promise<readonly Target[]>
  /** What the instance asks for that is not built yet: a line each. */
  readonly pending: (instance: Instance) => readonly string[]
}
