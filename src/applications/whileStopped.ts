/** Work done while applications are stopped: stop, work, see that all kept still, start, wait until ready. They are started again whatever happens. */

import { inspectContainers } from '../docker/containers.ts'
import type { Container } from '../docker/parseContainer.ts'
import type { Docker } from '../docker/process.ts'
import { retryWhileUnavailable } from '../docker/retry.ts'
import { asError, CancelledError, InstanceError } from '../errors.ts'
import { allContainers, allVolumes } from './hostState.ts'
import { asOfNow, type HostAfterCopy, interferenceWith, lateWriters, type StoppedContainers } from './interference.ts'
import { type StartFailure, type StartResult, startAll } from './start.ts'
import { type StopResult, stopAll } from './stop.ts'
import type { StopGroup } from './stopPlan.ts'

/** For an engine that is away for a moment once all is done, ms. */
const LOOK_BACK_MS = 30_000

export interface WhileStoppedOptions {
  /** Ids of the runner's own containers. */
  readonly self: readonly string[]
  /** When the time of the instance is over, ms since 1970. It bounds the waiting; what was stopped is started whatever the time is. */
  readonly until: number
  /** Told what happens, and every 30 s what is waited for. */
  readonly say: (line: string) => void | Promise<void>
  readonly signal?: AbortSignal
}

export interface WorkWhileStopped<T> {
  readonly outcome:
    | { readonly kind: 'done'; readonly value: T; readonly disturbed: readonly string[] }
    /** Not stopped, or not worked: every target of the group has failed. `CancelledError` where the signal fired. */
    | { readonly kind: 'failed'; readonly error: Error }
  /** Why what was copied may be torn, though all kept still: a sentence for each application that was killed. */
  readonly torn: readonly string[]
  readonly warnings: readonly string[]
  /** Applications that did not come up again: each fails the instance. */
  readonly notUp: readonly StartFailure[]
  /** From the first stop to the last start, ms; `null` where nothing had to be stopped. Waiting for health is not in it. */
  readonly downtimeMs: number | null
}

/**
 * Stops the containers that the targets of a group need, does `work`, and starts them again: before this returns all have been
 * started, and each is ready or in `notUp`. `disturbed` says why the copy may not show one moment; where it is not empty, the targets
 * have failed. The journal must list `group.start` before this is called. Throws only where the engine cannot be asked any more while
 * it starts them: then the journal is what is left.
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
  const started = await startAll(docker, now.start, {
    ...options,
    stopMayBePending: begun.stop?.isPending ?? true,
    known: begun.known,
  })
  const downtimeMs = names.length === 0 ? null : started.startedAt - stoppedAt
  await sayUpAgain(options, names, started, downtimeMs)
  return {
    outcome: await lookBack(docker, now, begun, { self: options.self, startedAgainAt: started.firstStartedAt }),
    torn: begun.stop?.warnings ?? [],
    warnings: started.warnings,
    notUp: started.failed,
    downtimeMs,
  }
}

async function sayUpAgain(
  { say }: WhileStoppedOptions,
  names: readonly string[],
  { failed }: StartResult,
  downtimeMs: number | null,
): Promise<void> {
  const up = names.filter((name) => !failed.some((one) => one.name === name))
  if (downtimeMs !== null && up.length > 0)
    await say(`${up.join(', ')} up again, after ${(downtimeMs / 1000).toFixed(1)} s`)
  for (const { name, log } of failed) for (const line of log) await say(`${name}: ${line}`)
}

interface Begun<T> {
  readonly outcome: WorkWhileStopped<T>['outcome']
  readonly stop: StopResult | null
  /** Those of the group, as they were after the work. */
  readonly known: readonly Container[]
}

/** Never throws: whatever goes wrong here, what was stopped has to be started. Only what must be known before that is asked. */
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
    if (stop.failed.length > 0) throw new InstanceError(stop.failed.map(({ error }) => error).join('; '))
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

/** Adds who came meanwhile. Asked when the applications are up again: it would be downtime before. */
async function lookBack<T>(
  docker: Docker,
  group: StopGroup,
  { outcome, stop }: Begun<T>,
  at: Pick<HostAfterCopy, 'self' | 'startedAgainAt'>,
): Promise<WorkWhileStopped<T>['outcome']> {
  if (outcome.kind === 'failed') return outcome
  try {
    const now = await retryWhileUnavailable(LOOK_BACK_MS, () => hostNow(docker))
    const volumes = now.hostVolumes.filter(({ name }) => group.targets.includes(name))
    const came = lateWriters(quietOf(group, stop), { ...now, ...at, volumes })
    return { ...outcome, disturbed: [...outcome.disturbed, ...came] }
  } catch (error) {
    return { kind: 'failed', error: asError(error) }
  }
}

async function hostNow(docker: Docker, signal?: AbortSignal) {
  const options = signal ? { signal } : {}
  const [containers, hostVolumes] = await Promise.all([allContainers(docker, options), allVolumes(docker, options)])
  return { containers, hostVolumes }
}

/** The group as it is now, or why nothing is to be stopped. */
async function lookAgain(docker: Docker, group: StopGroup, options: WhileStoppedOptions): Promise<StopGroup | Error> {
  try {
    const now = asOfNow(group, { ...(await hostNow(docker, options.signal)), self: options.self })
    return typeof now === 'string' ? new InstanceError(now) : now
  } catch (error) {
    return asError(error)
  }
}
