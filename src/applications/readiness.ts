/** Judges whether a container that was started is ready. Pure: from what `inspect` says now, and the times, it makes a verdict. */
import type { Container, HealthCheck } from '../docker/parseContainer.ts'
import type { ToStart } from './stopPlan.ts'

/** Time without a restart after which a container without a health check counts as ready, ms. */
export const STEADY_MS = 2_000
/** Time in which a container that its restart policy restarts again and again may come to rest, ms. */
export const RESTARTS_MS = 60_000
/**
 * Least time that a container which restarts again and again gets to come to rest, ms, even if the instance's time is over or nearly so.
 * With a health check, also the time without a restart after which it no longer counts as restarting again and again.
 */
export const GRACE_MS = 30_000
/** Margin that is added to the time after which the engine itself would call a container unhealthy, ms. */
const HEALTH_MARGIN_MS = 10_000
/** Interval, ms, at which engines since version 25 probe in the start period if none is set. Older ones probe first after a full interval. */
const START_INTERVAL_MS = 5_000
/** Time that a first probe may take beyond `START_INTERVAL_MS`, ms: if none came by then, the engine is older than version 25. */
const PROBE_MS = 10_000

/** A container that was started. Numbers are times in ms since 1970, by the clock of this machine. */
export interface StartedContainer {
  readonly expected: ToStart
  /** Time when the wait for it began. */
  readonly since: number
  /**
   * The last start of the container that was seen, as the engine writes the time. A container that restarts again and again has a new one
   * each time.
   */
  readonly startedAt: string
  /** Time when that start was first seen. */
  readonly seenAt: number
}

/** The present time and the limit, ms since 1970, by the clock of this machine. */
export interface ReadinessTimes {
  readonly now: number
  /** Until when its health is waited for. After that it is enough that it runs. */
  readonly until: number
}

/**
 * The verdict on a container. `watched` is the container as it was seen now, for the next call. `isDown`: it does not run, or only since a
 * moment ago, so starting it again may help. `isUnhealthy`: it runs, and its health check does not pass.
 */
export type Readiness =
  | { readonly kind: 'ready'; readonly warning: string | null }
  | { readonly kind: 'waiting'; readonly watched: StartedContainer }
  | { readonly kind: 'failed'; readonly error: string; readonly isDown: boolean; readonly isUnhealthy?: boolean }

/**
 * Judges one started container by what `inspect` says now (`container`; `undefined` if it does not exist any more). `last` is how it was
 * seen before: right after its start or, in later calls, the `watched` of the verdict before.
 */
export function judgeReadiness(
  last: StartedContainer,
  container: Container | undefined,
  times: ReadinessTimes,
): Readiness {
  const { name, before } = last.expected
  if (container === undefined) return failed(`container "${name}" was removed after it was started again`, false)
  if (container.state === 'down')
    return failed(`container "${name}" was started again and did not keep running: ${howEnded(container)}`, true)
  if (container.state === 'paused') return ready(`somebody paused container "${name}" after it was started again`)
  if (before === 'restarting') return ready(wasUnwell(name, before))
  const isSame = container.state === 'running' && container.startedAt === last.startedAt
  const watched = isSame ? last : { ...last, startedAt: container.startedAt, seenAt: times.now }
  const isSteady = container.state === 'running' && times.now - watched.seenAt >= STEADY_MS
  const restMs = Math.max(RESTARTS_MS, container.healthCheck === null ? 0 : healthDeadlineMs(container.healthCheck))
  const restUntil = watched.since + Math.min(restMs, Math.max(times.until - watched.since, GRACE_MS))
  const loops = `container "${name}" was started again, but starts over and over: ${howEnded(container)}`
  if (
    container.state === 'running' &&
    container.healthCheck !== null &&
    container.health !== null &&
    before !== 'unhealthy'
  )
    return judgeHealth(watched, container, container.healthCheck, { ...times, isSteady, restUntil, loops })
  if (isSteady) return ready(before === undefined ? null : wasUnwell(name, before))
  if (times.now < restUntil) return { kind: 'waiting', watched }
  return failed(loops, true)
}

interface HealthTimes extends ReadinessTimes {
  readonly isSteady: boolean
  /** Until when it may restart again and again, ms since 1970. */
  readonly restUntil: number
  /** The error for a container that still restarts again and again when `restUntil` has come. */
  readonly loops: string
}

/**
 * Judges a running container by its health check. The engine keeps the last probe's result over a stop, so a probe from before the start is
 * ignored. If the health is not known in time, the container counts as ready when it runs steadily, with a warning.
 */
function judgeHealth(
  watched: StartedContainer,
  container: Container,
  check: HealthCheck,
  { now, until, isSteady, restUntil, loops }: HealthTimes,
): Readiness {
  const { name } = watched.expected
  const isProbed = Date.parse(container.health?.lastProbeAt ?? '') >= Date.parse(container.startedAt)
  const status = isProbed ? container.health?.status : 'starting'
  if (status === 'healthy') return ready(null)
  if (status === 'unhealthy') return unhealthy(`container "${name}" was started again, but its health check fails`)
  // one that crashes again and again is seen running each time, between two crashes
  const isLooping = watched.seenAt > watched.since && now - watched.seenAt < GRACE_MS
  if (isLooping) return now < restUntil ? { kind: 'waiting', watched } : failed(loops, true)
  const speaksInMs = firstProbeMs(check, now - watched.seenAt)
  const isMute = !isProbed && watched.seenAt + speaksInMs > until
  if (isSteady && isMute)
    return ready(
      `container "${name}" runs again, but nobody waited for its health check, whose first result comes ${Math.round(speaksInMs / 1000)} s after the start: too late for this run`,
    )
  if (isSteady && now >= until)
    return ready(
      `container "${name}" runs again, but its health check had not said "healthy" when the time to wait was over`,
    )
  const deadline = healthDeadlineMs(check)
  if (isMute || now >= until || now - watched.since < deadline) return { kind: 'waiting', watched }
  return unhealthy(`container "${name}" was started again, but was not healthy within ${Math.round(deadline / 1000)} s`)
}

/**
 * Returns the time from a container's start to its first probe, ms. That depends on the engine's version (see `START_INTERVAL_MS`):
 * `elapsedMs`, the time since the start without a probe, tells an older engine once it is long enough.
 */
function firstProbeMs(check: HealthCheck, elapsedMs: number): number {
  if (check.startPeriodMs === 0) return check.intervalMs
  const probesEarly = check.startIntervalMs !== null || elapsedMs < START_INTERVAL_MS + PROBE_MS
  return probesEarly ? Math.min(check.intervalMs, check.startIntervalMs ?? START_INTERVAL_MS) : check.intervalMs
}

/** Returns the time after its start by which the engine has called a container healthy or unhealthy, ms, with a margin. */
export function healthDeadlineMs(check: HealthCheck): number {
  return check.startPeriodMs + check.retries * (check.intervalMs + check.timeoutMs) + HEALTH_MARGIN_MS
}

function ready(warning: string | null): Readiness {
  return { kind: 'ready', warning }
}

function failed(error: string, isDown: boolean): Readiness {
  return { kind: 'failed', error, isDown }
}

function unhealthy(error: string): Readiness {
  return { kind: 'failed', error, isDown: false, isUnhealthy: true }
}

function wasUnwell(name: string, before: 'unhealthy' | 'restarting'): string {
  return before === 'unhealthy'
    ? `container "${name}" was unhealthy before it was stopped, so nobody waited for its health`
    : `container "${name}" was starting over and over before it was stopped, so nobody waited for it`
}

function howEnded(container: Container): string {
  return container.oomKilled ? 'out of memory' : `exit code ${container.exitCode}`
}
