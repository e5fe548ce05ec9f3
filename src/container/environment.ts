/** Makes the environment of the backup container: the variables of the image's contract (`MARINA_…`), then the instance's own. Pure. */
import type { Instance } from '../config/model.ts'
import { InstanceError } from '../errors.ts'
import { bytes } from '../format.ts'
import { type Layout, resultPath } from './layout.ts'

export interface EnvironmentFacts {
  readonly hostName: string
  readonly runUrl: string | null
  readonly layout: Layout
  /** Names of the targets that have failed. */
  readonly failedTargets: readonly string[]
}

export function backupEnvironment(instance: Instance, facts: EnvironmentFacts): Record<string, string> {
  return refuseTooLong({
    MARINA_CONTRACT: '1',
    MARINA_INSTANCE_ID: instance.id,
    MARINA_HOSTNAME: facts.hostName,
    MARINA_TIMESTAMP: facts.layout.timestamp,
    MARINA_BACKUP_DIR: facts.layout.directory,
    MARINA_RESULT: resultPath(facts.layout),
    MARINA_RUN_URL: facts.runUrl ?? '',
    MARINA_RETENTION: instance.retention,
    ...(facts.failedTargets.length === 0
      ? {}
      : { MARINA_PARTIAL: '1', MARINA_FAILED_TARGETS: facts.failedTargets.join(',') }),
    ...instance.env,
  })
}

/** Length of the longest variable that the kernel passes to a program, bytes: 128 KiB for name, `=`, value and a closing NUL. */
const LONGEST_VARIABLE = 128 * 1024 - 1

/**
 * Returns the variables. Throws `InstanceError` for one that is too long for any process: the docker client, which carries it, could not be
 * started, and neither could the backup.
 */
function refuseTooLong(environment: Record<string, string>): Record<string, string> {
  for (const [key, value] of Object.entries(environment)) {
    const length = Buffer.byteLength(`${key}=${value}`)
    if (length > LONGEST_VARIABLE)
      throw new InstanceError(
        `variable ${key} of the backup container is ${bytes(length)} long, and no process can be given more than 131 kB in one: put the value into a file, and name that in mounts`,
      )
  }
  return environment
}
