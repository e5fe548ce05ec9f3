/** Judges whether a container that was started is ready. Pure: what `inspect` says now, and the times; a verdict out. */
import type { Container, HealthCheck } from '../docker/parseContainer.ts'
import type { ToStart } from './stopPlan.ts'

/** Without a health check a container is ready when it has run so long without a restart, ms. */
export const STEADY_MS = 2_000
/** How long a container that its restart policy starts over and over may take to come to rest, ms. */
export const RESTARTS_MS = 60_000
/** How much of that is left to it where the time is over when it is started, ms. */
export const GRACE_MS = 30_000
/** Added to the time after which the engine itself would call a container unhealthy, ms. */
const HEALTH_MARGIN_MS = 10_000
/** Engines of 25 and newer probe every 5 s within a start period, older ones never sooner than at the first interval, ms. */
const START_INTERVAL_MS = 5_000
/** What a first probe may take before its absence shows that the engine is an older one, ms. */
const PROBE_MS = 10_000

/** A container that was started. Times in ms, by one clock of ours. */
export interface StartedContainer {
  readonly expected: ToStart
  /** Since when it is waited for. */
  readonly since: number
  /** The engine's name for the start that we look at, and since when we see it. */
  readonly startedAt: string
  readonly seenAt: number
}

/** By the clock of `StartedContainer`, ms. */
export interface ReadinessTimes {
  readonly now: number
  /** Until when its health is waited for. From then on it is enough that it runs. */
  readonly until: number
}

/** `isDown`: it does not run, or not for long; starting it again may help. */
export type Readiness =
  | { readonly kind: 'ready'; readonly warning: string | null }
  | { readonly kind: 'waiting'; readonly watched: StartedContainer }
  | { readonly kind: 'failed'; readonly error: string; readonly isDown: boolean }

/** Judges one container; `container` is `undefined` where it is gone. */
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
  if (
    container.state === 'running' &&
    container.healthCheck !== null &&
    container.health !== null &&
    before !== 'unhealthy'
  )
    return judgeHealth(watched, container, container.healthCheck, { ...times, isSteady })
  if (isSteady) return ready(before === undefined ? null : wasUnwell(name, before))
  const restMs = Math.max(RESTARTS_MS, container.healthCheck === null ? 0 : healthDeadlineMs(container.healthCheck))
  const restUntil = watched.since + Math.min(restMs, Math.max(times.until - watched.since, GRACE_MS))
  if (times.now < restUntil) return { kind: 'waiting', watched }
  return failed(`container "${name}" was started again, but starts over and over: ${howEnded(container)}`, true)
}

interface HealthTimes extends ReadinessTimes {
  readonly isSteady: boolean
}

/**
 * Judges a container that runs and has a health check. The engine keeps the result of the last probe over a stop, so that one from
 * before the start counts for nothing. A check that cannot speak in time is not waited for.
 */
function judgeHealth(
  watched: StartedContainer,
  container: Container,
  check: HealthCheck,
  { now, until, isSteady }: HealthTimes,
): Readiness {
  const { name } = watched.expected
  const isProbed = Date.parse(container.health?.lastProbeAt ?? '') >= Date.parse(container.startedAt)
  const status = isProbed ? container.health?.status : 'starting'
  if (status === 'healthy') return ready(null)
  if (status === 'unhealthy') return failed(`container "${name}" was started again, but its health check fails`, false)
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
  return failed(
    `container "${name}" was started again, but was not healthy within ${Math.round(deadline / 1000)} s`,
    false,
  )
}

/** How long after its start a container is probed first; `elapsedMs` without a probe tell how the engine counts. */
function firstProbeMs(check: HealthCheck, elapsedMs: number): number {
  if (check.startPeriodMs === 0) return check.intervalMs
  const probesEarly = check.startIntervalMs !== null || elapsedMs < START_INTERVAL_MS + PROBE_MS
  return probesEarly ? Math.min(check.intervalMs, check.startIntervalMs ?? START_INTERVAL_MS) : check.intervalMs
}

/** By then the engine itself has called it healthy or unhealthy. */
export function healthDeadlineMs(check: HealthCheck): number {
  return check.startPeriodMs + check.retries * (check.intervalMs + check.timeoutMs) + HEALTH_MARGIN_MS
}

function ready(warning: string | null): Readiness {
  return { kind: 'ready', warning }
}

function failed(error: string, isDown: boolean): Readiness {
  return { kind: 'failed', error, isDown }
}

function wasUnwell(name: string, before: 'unhealthy' | 'restarting'): string {
  return before === 'unhealthy'
    ? `container "${name}" was unhealthy before it was stopped, so nobody waited for its health`
    : `container "${name}" was starting over and over before it was stopped, so nobody waited for it`
}

function howEnded(container: Container): string {
  return container.oomKilled ? 'out of memory' : `exit code ${container.exitCode}`
}
