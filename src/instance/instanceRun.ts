/** Defines what the phases of one instance share, and decides what becomes of the errors that they throw. */
import { engineNow } from '../claim/host.ts'
import type { Instance, Target } from '../config/model.ts'
import { type Layout, layoutOf } from '../container/layout.ts'
import type { ManifestTarget } from '../container/manifest.ts'
import type { JournalEntry, RunStart } from '../docker/labels.ts'
import {
  ApplicationDownError,
  asError,
  CancelledError,
  CommandError,
  DockerUnavailableError,
  InstanceError,
  isSystemError,
  RestoreFailedError,
} from '../errors.ts'
import { joinSentences } from '../format.ts'
import type { InstanceLog } from '../log/instanceLog.ts'
import type { Phase } from '../outcome.ts'
import { type InstanceAbort, openAbort } from './abort.ts'
import type { InstanceContext } from './context.ts'
import { buildReport, type ReportBuilder } from './reportBuilder.ts'

export interface InstanceRun {
  readonly context: InstanceContext
  readonly instance: Instance
  readonly log: InstanceLog
  readonly report: ReportBuilder
  readonly abort: InstanceAbort
  readonly start: RunStart
  readonly layout: Layout
  /** Content of the `script` file, read before anything is touched; `null` if there is none. */
  script: Buffer | null
  /** The targets that were copied or dumped so far, for the manifest. */
  readonly staged: ManifestTarget[]
  readonly failed: { readonly target: Target; readonly error: string }[]
  /** Stopped applications that are, or may be, still down. Their journal must outlive this run. */
  down: readonly JournalEntry[]
}

export function beginInstanceRun(
  context: InstanceContext,
  instance: Instance,
  log: InstanceLog,
  now: () => Date,
): InstanceRun {
  return {
    context,
    instance,
    log,
    report: buildReport(instance, log, now),
    abort: openAbort(context.signal),
    start: { at: engineNow(context.host), isScheduled: context.reason.isScheduled },
    layout: layoutOf(instance.layout, now()),
    script: null,
    staged: [],
    failed: [],
    down: [],
  }
}

/** Records that one target cannot be backed up; the others go on. `phase` is where it failed; default: the phase that is going on. */
export async function failTarget(
  run: InstanceRun,
  target: Target,
  failure: { readonly error: string; readonly seconds?: number; readonly phase?: Phase },
): Promise<void> {
  // it goes into the manifest, and so into the backup itself
  const error = run.context.host.docker.redact(failure.error)
  run.failed.push({ target, error })
  run.report.failed(target, { ...failure, error })
  await run.log.write('marina', `failed: ${error}`)
}

/**
 * Tells whether an error is of a class of errors.ts that a run throws, so that its message is enough for people. False for an error of the
 * operating system (`isSystemError`), which needs a hint beside it, and for a bug of ours.
 */
export function isExpected(error: unknown): boolean {
  return (
    error instanceof InstanceError ||
    error instanceof CommandError ||
    error instanceof CancelledError ||
    error instanceof DockerUnavailableError
  )
}

/**
 * Makes an error the reason of the instance's failure. If the abort signal fired, its reason is used instead: it says more than the error
 * of the step that it interrupted. An application that stays down, and what a restore did to data, is told in any case.
 */
export function explainFailure({ report, abort }: InstanceRun, error: unknown): void {
  const reason = abort.reason()
  const withFate = (sentence: string) => {
    if (error instanceof RestoreFailedError) return `${sentence}. ${error.fate}`
    return joinSentences([sentence, ...(error instanceof ApplicationDownError ? [error.message] : [])])
  }
  if (reason?.kind === 'failed') report.fail(withFate(reason.sentence))
  else if (reason?.kind === 'cancelled') report.cancel(withFate('cancelled'))
  else if (error instanceof RestoreFailedError) report.fail(withFate(sentenceOf(error.cause)))
  else report.fail(sentenceOf(asError(error)))
}

function sentenceOf(error: Error): string {
  if (isExpected(error)) return error.message
  if (isSystemError(error))
    return `the runner's operating system refused something: ${error.message}. See its disk, memory and limits, and run the backup again`
  return `a bug in Marina, please report it: ${error.stack ?? error.message}`
}
