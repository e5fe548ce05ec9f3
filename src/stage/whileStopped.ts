/** Work done while applications are stopped: stop, work, see that all kept still, start, wait until up. They are started again whatever happens. */
import type { Docker } from '../docker/process.ts'
import { CancelledError, InstanceError } from '../errors.ts'
import { type NotUp, type StopResult, startAll, stopAll } from './applications.ts'
import { asOfNow, disturbances, type Quiet } from './disturbed.ts'
import { allContainers, allVolumes } from './inspect.ts'
import type { QuiesceGroup } from './quiesce.ts'

export interface WhileStoppedOptions {
  /** Ids of the runner's own containers. */
  readonly self: readonly string[]
  /** Bounds each wave of stopping, ms. */
  readonly stopDeadlineMs: number
  /** Bounds starting and waiting until up, ms; its own, so that a run whose time is over still starts what it stopped. */
  readonly startDeadlineMs: number
  readonly signal?: AbortSignal
}

export interface Quiesced<T> {
  readonly outcome:
    | { readonly kind: 'done'; readonly value: T; readonly disturbed: readonly string[] }
    /** Not stopped, or not worked: every target of the group has failed. `CancelledError` where the signal fired. */
    | { readonly kind: 'failed'; readonly error: Error }
  readonly warnings: readonly string[]
  /** Applications that did not come up again: each fails the instance. */
  readonly notUp: readonly NotUp[]
  /** From the first stop to the last start, ms; `null` where nothing had to be stopped. Waiting for health is not in it. */
  readonly downtimeMs: number | null
}

/**
 * Stops the containers of a group, does `work`, and starts them again: before this returns all have been started, and each is
 * up or in `notUp`. `disturbed` says why the copy may not show one moment; where it is not empty, the targets have failed.
 * The journal must list `group.start` before this is called. Throws only where the engine
 * cannot be asked any more while it starts them: then the journal is what is left.
 */
export async function whileStopped<T>(
  docker: Docker,
  group: QuiesceGroup,
  options: WhileStoppedOptions,
  work: () => Promise<T>,
): Promise<Quiesced<T>> {
  const now = await lookAgain(docker, group, options)
  if (now instanceof Error)
    return { outcome: { kind: 'failed', error: now }, warnings: [], notUp: [], downtimeMs: null }
  const stoppedAt = Date.now()
  const begun = await stopAndWork(docker, now, options, work)
  const started = await startAll(docker, now.start, {
    deadlineMs: options.startDeadlineMs,
    stopMayBePending: begun.stop === null || begun.stop.failed.length > 0,
  })
  return {
    outcome: begun.outcome,
    warnings: [...(begun.stop?.warnings ?? []), ...started.warnings],
    notUp: started.failed,
    downtimeMs: now.start.length === 0 ? null : started.startedAt - stoppedAt,
  }
}

/** Never throws: whatever goes wrong here, what was stopped has to be started. */
async function stopAndWork<T>(
  docker: Docker,
  group: QuiesceGroup,
  options: WhileStoppedOptions,
  work: () => Promise<T>,
): Promise<{ outcome: Quiesced<T>['outcome']; stop: StopResult | null }> {
  let stop: StopResult | null = null
  try {
    stop = await stopAll(docker, group.stop, { deadlineMs: options.stopDeadlineMs })
    if (options.signal?.aborted) throw new CancelledError()
    const [failed] = stop.failed
    if (failed !== undefined) throw new InstanceError(failed.error)
    const value = await work()
    const quiet = { down: stop.down, paused: group.paused, idle: group.idle }
    const disturbed = await stillDown(docker, quiet, group.targets, options.self)
    return { outcome: { kind: 'done', value, disturbed }, stop }
  } catch (error) {
    return { outcome: { kind: 'failed', error: asError(error) }, stop }
  }
}

/** Why the copy may not show one moment, a sentence each: by the same id, not started in between, paused still paused, nobody new. `targets`: names of volumes. */
export async function stillDown(
  docker: Docker,
  quiet: Quiet,
  targets: readonly string[],
  self: readonly string[],
): Promise<readonly string[]> {
  const now = await hostNow(docker)
  const volumes = now.hostVolumes.filter(({ name }) => targets.includes(name))
  return disturbances(quiet, { ...now, volumes, self })
}

async function hostNow(docker: Docker, signal?: AbortSignal) {
  const options = signal ? { signal } : {}
  const [containers, hostVolumes] = await Promise.all([allContainers(docker, options), allVolumes(docker, options)])
  return { containers, hostVolumes }
}

/** The group as it is now, or why nothing is to be stopped. */
async function lookAgain(
  docker: Docker,
  group: QuiesceGroup,
  options: WhileStoppedOptions,
): Promise<QuiesceGroup | Error> {
  try {
    const now = asOfNow(group, { ...(await hostNow(docker, options.signal)), self: options.self })
    return typeof now === 'string' ? new InstanceError(now) : now
  } catch (error) {
    return asError(error)
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
