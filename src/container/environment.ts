/** The environment of the backup container: the contract's variables, then the instance's own. Pure. */
import type { Instance } from '../config/model.ts'
import type { Layout } from './layout.ts'

export interface Surroundings {
  readonly hostName: string
  readonly runUrl: string | null
  readonly layout: Layout
  /** Names of the targets that could not be staged. */
  readonly failedTargets: readonly string[]
}

export function backupEnvironment(instance: Instance, around: Surroundings): Record<string, string> {
  return {
    MARINA_CONTRACT: '1',
    MARINA_INSTANCE_ID: instance.id,
    MARINA_HOSTNAME: around.hostName,
    MARINA_TIMESTAMP: around.layout.timestamp,
    MARINA_BACKUP_DIR: around.layout.directory,
    MARINA_RUN_URL: around.runUrl ?? '',
    MARINA_RETENTION: instance.retention,
    ...(around.failedTargets.length === 0
      ? {}
      : { MARINA_PARTIAL: '1', MARINA_FAILED_TARGETS: around.failedTargets.join(',') }),
    ...instance.env,
  }
}
