/**
 * Does work while applications are stopped: stop, work, check that nothing wrote, start, wait until ready. They are started even if the work
 * fails.
 */

import { inspectContainers } from '../docker/containers.ts'
import type { Container } from '../docker/parseContainer.ts'
import { tellWhile } from '../docker/poll.ts'
import type { Docker } from '../docker/process.ts'
import { retryWhileUnavailable } from '../docker/retry.ts'
import { asError, CancelledError, InstanceError } from '../errors.ts'
import { joinSentences } from '../format.ts'
import { type HostContents, hostContents } from './hostState.ts'
import { asOfNow, type HostAfterCopy, interferenceWith, lateWriters, type StoppedContainers } from './interference.ts'
import { type StartFailure, type StartResult, startAll } from './start.ts'
import { type StopResult, stopAll } from './stop.ts'
import type { StopGroup } from './stopPlan.ts'

/** Time after the last start in which the question what else ran is repeated while docker fails to answer it, ms. */
const LOOK_BACK_MS = 30_000

export interface WhileStoppedOptions {
  /** Ids of the runner's own containers. */
  readonly self: readonly string[]
  /**
   * End of the instance's time, ms since 1970. It limits the waits, as in `StopOptions` and `StartOptions`; stopped containers are started
   * in any case.
   */
  readonly until: number
  /** Called with what happens, and every 30 s with what is waited for. */
  readonly say: (line: string) => void | Promise<void>
  /** Called with the last lines of the log of each application that did not come up again, each behind its name; default: `say`. */
  readonly onLogLine?: (line: string) => void | Promise<void>
  readonly signal?: AbortSignal
  /** Asked after work that failed: whether the applications may be started. Left out: they are started whatever happens. */
  readonly mayStart?: () => boolean
}

export interface WorkWhileStopped<T> {
  readonly outcome:
    | { readonly kind: 'done'; readonly value: T; readonly disturbed: readonly string[] }
    /** The look before the stop, the stop, the work, or the look afterwards failed, so every target of the group has failed. */
    | { readonly kind: 'failed'; readonly error: Error }
  /** One sentence for each application that was killed by its stop: what was copied may be torn, though nothing wrote during the copy. */
  readonly torn: readonly string[]
  readonly warnings: readonly string[]
  /** Applications that did not come up again. Each fails the instance. */
  readonly notUp: readonly StartFailure[]
  /** Time from before the first stop until all were asked to start, ms; `null` if the group stops no container, or must not be stopped any more. */
  readonly downtimeMs: number | null
}

/**
 * Looks at the host again: if that fails, or nothing may be stopped any more, it does nothing and returns `failed`. Else it stops the
 * containers of `group.stop` that still run, does `work`, and starts them again. When it returns then, a start of all was tried, and each is
 * listed in `notUp` or ready, with a warning if its health was not known in time. `disturbed` has a sentence for each container that may have written during the copy: if there is one,
 * the targets have failed. The journal must list `group.start` before the call. Throws only if the engine cannot be asked any more while
 * containers are started: then the journal tells the next run what to start. Nobody is started if `mayStart` says so.
 */
export async function whileStopped<T>(
  docker: Docker,
  group: StopGroup,
  options: WhileStoppedOptions,
  work: () => Promise<T>,
): Promise<WorkWhileStopped<T>> {
  const now = await lookAgain(docker, group, options)
  if (now instanceof Error)
    return { outcome: { kind: 'failed', error: now }, torn: [], warnings: [], notUp: [], downtimeMs: null }
  const names = now.start.flat().map(({ name }) => name)
  if (names.length > 0) await options.say(`stopping ${names.join(', ')}`)
  const stoppedAt = Date.now()
  const begun = await stopAndWork(docker, now, options, work)
  if (begun.outcome.kind === 'failed' && options.mayStart?.() === false)
    return { outcome: begun.outcome, torn: begun.stop?.warnings ?? [], warnings: [], notUp: [], downtimeMs: null }
  const started = await startAll(docker, now.start, {
    ...options,
    stopMayBePending: begun.stop?.isPending ?? true,
    known: begun.known,
  })
  const downtimeMs = names.length === 0 ? null : started.startedAt - stoppedAt
  await sayUpAgain(options, names, started, downtimeMs)
  return {
    outcome: await lookBack(docker, now, begun, {
      self: options.self,
      say: options.say,
      startedAgainAt: started.firstStartedAt,
    }),
    torn: begun.stop?.warnings ?? [],
    warnings: started.warnings,
    notUp: started.failed,
    downtimeMs,
  }
}

async function sayUpAgain(
  { say, onLogLine = say }: WhileStoppedOptions,
  names: readonly string[],
  { failed }: StartResult,
  downtimeMs: number | null,
): Promise<void> {
  const up = names.filter((name) => !failed.some((one) => one.name === name))
  if (downtimeMs !== null && up.length > 0)
    await say(`${up.join(', ')} up again, after ${(downtimeMs / 1000).toFixed(1)} s`)
  for (const { name, log } of failed) for (const line of log) await onLogLine(`${name}: ${line}`)
}

interface Begun<T> {
  readonly outcome: WorkWhileStopped<T>['outcome']
  readonly stop: StopResult | null
  /** The group's containers in their state after the work; empty if the stop or the work failed. */
  readonly known: readonly Container[]
}

/** Stops the containers, does the work, and looks whether they stayed down. Never throws, because they have to be started afterwards. */
async function stopAndWork<T>(
  docker: Docker,
  group: StopGroup,
  options: WhileStoppedOptions,
  work: () => Promise<T>,
): Promise<Begun<T>> {
  let stop: StopResult | null = null
  try {
    const { signal } = options
    stop = await stopAll(docker, group.stop, options)
    if (stop.aborted || signal?.aborted) throw new CancelledError()
    if (stop.failed.length > 0) throw new InstanceError(joinSentences(stop.failed.map(({ error }) => error)))
    const value = await work()
    const quiet = quietOf(group, stop)
    const known = await inspectContainers(
      docker,
      [...quiet.down, ...quiet.paused, ...quiet.idle].map(({ id }) => id),
    )
    return { outcome: { kind: 'done', value, disturbed: interferenceWith(quiet, known) }, stop, known }
  } catch (error) {
    return { outcome: { kind: 'failed', error: asError(error) }, stop, known: [] }
  }
}

function quietOf(group: StopGroup, stop: StopResult | null): StoppedContainers {
  return { down: stop?.down ?? [], paused: group.paused, idle: group.idle }
}

/** Adds to `disturbed` the containers that appeared during the copy. Called when the applications are up again, so that it costs no downtime. */
async function lookBack<T>(
  docker: Docker,
  group: StopGroup,
  { outcome, stop }: Begun<T>,
  { say, ...at }: Pick<HostAfterCopy, 'self' | 'startedAgainAt'> & Pick<WhileStoppedOptions, 'say'>,
): Promise<WorkWhileStopped<T>['outcome']> {
  if (outcome.kind === 'failed') return outcome
  try {
    const now = await retryWhileUnavailable(LOOK_BACK_MS, () => hostNow(docker, group, { say }))
    const volumes = now.hostVolumes.filter(({ name }) => group.targets.includes(name))
    const came = lateWriters(quietOf(group, stop), { ...now, ...at, volumes })
    return { ...outcome, disturbed: [...outcome.disturbed, ...came] }
  } catch (error) {
    return { kind: 'failed', error: asError(error) }
  }
}

function hostNow(
  docker: Docker,
  { targets }: StopGroup,
  { say, signal }: Pick<WhileStoppedOptions, 'say' | 'signal'>,
): Promise<HostContents> {
  const what = () => "waiting for the engine's list of containers and volumes"
  const quietly = async () => {} // the plan has told of odd containers
  return tellWhile({ what, say }, () => hostContents(docker, targets, quietly, signal ? { signal } : {}))
}

/** Returns the group without containers that have ended since the plan (see `asOfNow`), or the reason why nothing may be stopped. */
async function lookAgain(docker: Docker, group: StopGroup, options: WhileStoppedOptions): Promise<StopGroup | Error> {
  try {
    const now = asOfNow(group, { ...(await hostNow(docker, group, options)), self: options.self })
    return typeof now === 'string' ? new InstanceError(now) : now
  } catch (error) {
    return asError(error)
  }
}
