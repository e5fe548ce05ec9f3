/** All that the phases of one instance share. */
import type { Instance, Target } from '../config/model.ts'
import type { Layout } from '../container/layout.ts'
import type { ManifestTarget } from '../container/manifest.ts'
import { CancelledError, CommandError, DockerUnavailableError, InstanceError } from '../errors.ts'
import type { InstanceLog } from '../log/instanceLog.ts'
import type { Phase } from '../outcome.ts'
import type { InstanceContext } from './context.ts'
import type { Stop } from './deadline.ts'
import type { ReportBuilder } from './reportBuilder.ts'

export interface InstanceRun {
  readonly context: InstanceContext
  readonly instance: Instance
  readonly log: InstanceLog
  readonly report: ReportBuilder
  readonly stop: Stop
  readonly layout: Layout
  /** The file of `script`, read before anything is touched; `null` where there is none. */
  script: Buffer | null
  /** What was staged by copy or dump so far, for the manifest. */
  readonly staged: ManifestTarget[]
  /** An application was stopped and may still be down: the journal must outlive this run. */
  applicationsDown: boolean
  readonly failed: { readonly target: Target; readonly error: string }[]
}

/** One target cannot be backed up; the others go on. `phase` is where that showed, the current one where left out. */
export async function failTarget(run: InstanceRun, target: Target, reason: string, phase?: Phase): Promise<void> {
  // it goes into the manifest, and so into the backup itself
  const error = run.context.host.docker.redact(reason)
  run.failed.push({ target, error })
  run.report.target(target, { status: 'failed', staging: null, error }, phase)
  await run.log.write('marina', `failed: ${error}`)
}

/** Whether an error is one that people can do something about; anything else is our bug. */
export function isExpected(error: unknown): boolean {
  return (
    error instanceof InstanceError ||
    error instanceof CommandError ||
    error instanceof CancelledError ||
    error instanceof DockerUnavailableError
  )
}
