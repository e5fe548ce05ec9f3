/** Waits for a stop that a docker client asked for without seeing it end: the engine goes on with it. */

import { inspectContainers } from '../docker/containers.ts'
import type { Container } from '../docker/parseContainer.ts'
import { poll, tellWhile } from '../docker/poll.ts'
import type { Docker } from '../docker/process.ts'
import type { EnginePatience } from './enginePatience.ts'
import { DEFAULT_STOP_S } from './stop.ts'
import type { ToStart } from './stopPlan.ts'

/** Longest wait for a container whose own stop time-out is unlimited, ms. */
const ENDLESS_MS = 600_000
/** Time that is waited, ms, even if the time to wait is over, unless the stop time-outs are shorter. */
const LEAST_MS = 30_000
/** Time that the engine needs for the kill after a stop time-out, ms. */
const KILL_MS = 3_000
const POLL_MS = 300

/**
 * Waits for stops that an earlier client began and did not see end: until the containers are down, or until their stop time-outs, counted
 * from `askedBy`, are over. A container that still runs then is not being stopped. If `until` comes first, returns those that run and have
 * a limited stop time-out that is not over: whether they go down is not known yet. Call it before such containers are started:
 * `docker start` finds them running and does nothing, and a moment later they are down (measured).
 * Waves are stopped one after the other, so only the first wave (in the order of stopping; `waves` is the order of starting) in which a
 * container still runs can be under way.
 */
export async function waitForPendingStop(
  docker: Docker,
  waves: readonly (readonly ToStart[])[],
  { patience, say, askedBy, until }: PendingStopLimits,
): Promise<readonly Container[]> {
  const runningOf = async (ids: readonly string[]) =>
    (await patience.ask(() => inspectContainers(docker, ids))).filter(({ state }) => state !== 'down')
  const all = await runningOf(waves.flat().map(({ id }) => id))
  const inWave = (wave: readonly ToStart[]) => all.filter(({ id }) => wave.some((one) => one.id === id))
  const underWay =
    waves
      .toReversed()
      .map(inWave)
      .find((running) => running.length > 0) ?? []
  const endOf = (one: Container) => askedBy + stopTimeoutMs(one) + KILL_MS
  const mayGoDown = (running: readonly Container[]) => running.filter((one) => endOf(one) > Date.now())
  let stopping = mayGoDown(underWay)
  if (stopping.length === 0) return []
  const waitUntil = Math.min(Math.max(...stopping.map(endOf)), Math.max(until, Date.now() + LEAST_MS))
  const look = async () => {
    stopping = mayGoDown(await runningOf(stopping.map(({ id }) => id)))
    return stopping.length === 0 ? 'known' : null
  }
  const names = () => stopping.map(({ name }) => `"${name}"`).join(', ')
  await tellWhile(
    { what: () => `waiting for the stop of ${names()}, which may be under way, before it is started again`, say },
    () => poll(look, { everyMs: POLL_MS, until: waitUntil }),
  )
  // one without a stop time-out is not killed either: nothing tells how long it has to be waited for
  return stopping.filter((one) => (one.stopTimeout ?? DEFAULT_STOP_S) >= 0 && endOf(one) > waitUntil)
}

export interface PendingStopLimits {
  readonly patience: EnginePatience
  readonly say: (line: string) => void | Promise<void>
  /** Time by which any stop had been asked for, ms since 1970: the stop time-outs count from it. */
  readonly askedBy: number
  /** When to give up, ms since 1970; but 30 s are waited in any case. */
  readonly until: number
}

function stopTimeoutMs({ stopTimeout }: Container): number {
  const seconds = stopTimeout ?? DEFAULT_STOP_S
  return seconds < 0 ? ENDLESS_MS : seconds * 1000
}
