/** Whether a container that was started is up again. Pure: what `inspect` says now and the time since, in; a verdict out. */
import type { Container, HealthCheck } from '../docker/parseContainer.ts'
import type { ToStart } from './stopPlan.ts'

/** Without a health check it is up when it has run so long without a restart, ms. */
export const STEADY_MS = 2_000
/** How long one that its restart policy starts over and over may take to come to rest, ms. */
export const RESTARTS_MS = 60_000
/** Added to the time after which the engine itself would call it unhealthy, ms. */
const HEALTH_MARGIN_MS = 10_000

/** A container that was started. Times in ms, by one clock of ours. */
export interface StartedContainer {
  readonly expected: ToStart
  /** Since when it is waited for. */
  readonly since: number
  /** The engine's name for the start that we look at, and since when we see it. */
  readonly startedAt: string
  readonly seenAt: number
}

export type Readiness =
  | { readonly kind: 'up'; readonly warning: string | null }
  | { readonly kind: 'waiting'; readonly watched: StartedContainer }
  | { readonly kind: 'failed'; readonly error: string }

/** Judges one container; `container` is `undefined` where it is gone. */
export function judgeReadiness(last: StartedContainer, container: Container | undefined, now: number): Readiness {
  const { name, before } = last.expected
  if (container === undefined) return failed(`container "${name}" was removed after it was started again`)
  if (container.state === 'down')
    return failed(`container "${name}" was started again and did not keep running: ${howEnded(container)}`)
  if (container.state === 'paused')
    return { kind: 'up', warning: `somebody paused container "${name}" after it was started again` }
  if (before === 'restarting') return { kind: 'up', warning: wasUnwell(name, before) }
  const same = container.state === 'running' && container.startedAt === last.startedAt
  const watched = same ? last : { ...last, startedAt: container.startedAt, seenAt: now }
  if (container.healthCheck !== null && container.health !== null && before !== 'unhealthy')
    return judgeHealth(watched, container, container.healthCheck, now)
  if (container.state === 'running' && now - watched.seenAt >= STEADY_MS)
    return { kind: 'up', warning: before === undefined ? null : wasUnwell(name, before) }
  if (now - watched.since < RESTARTS_MS) return { kind: 'waiting', watched }
  return failed(`container "${name}" was started again, but starts over and over: ${howEnded(container)}`)
}

/** What a probe from before the start said is stale: the engine keeps it, and would show it as today's. */
function judgeHealth(watched: StartedContainer, container: Container, check: HealthCheck, now: number): Readiness {
  const { name } = watched.expected
  const probedAt = Date.parse(container.health?.lastProbeAt ?? '')
  const status = probedAt >= Date.parse(container.startedAt) ? container.health?.status : 'starting'
  if (container.state === 'running' && status === 'healthy') return { kind: 'up', warning: null }
  if (container.state === 'running' && status === 'unhealthy')
    return failed(`container "${name}" was started again, but its health check fails`)
  const deadline = healthDeadlineMs(check)
  if (now - watched.since < deadline) return { kind: 'waiting', watched }
  return failed(`container "${name}" was started again, but was not healthy within ${Math.round(deadline / 1000)} s`)
}

/** By then the engine itself has called it healthy or unhealthy. */
export function healthDeadlineMs(check: HealthCheck): number {
  return check.startPeriodMs + check.retries * (check.intervalMs + check.timeoutMs) + HEALTH_MARGIN_MS
}

function failed(error: string): Readiness {
  return { kind: 'failed', error }
}

function wasUnwell(name: string, before: 'unhealthy' | 'restarting'): string {
  return before === 'unhealthy'
    ? `container "${name}" was unhealthy before it was stopped, so nobody waited for its health`
    : `container "${name}" was starting over and over before it was stopped, so nobody waited for it`
}

function howEnded(container: Container): string {
  return container.oomKilled ? 'out of memory' : `exit code ${container.exitCode}`
}
