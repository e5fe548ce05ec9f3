/** A stop that somebody asked for and did not wait for: the engine goes on with it. */

import { inspectContainers } from '../docker/containers.ts'
import type { Container } from '../docker/parseContainer.ts'
import { poll, tellWhile } from '../docker/poll.ts'
import type { Docker } from '../docker/process.ts'
import type { EnginePatience } from './enginePatience.ts'
import { DEFAULT_STOP_S } from './stop.ts'
import type { ToStart } from './stopPlan.ts'

/** For a container whose own stop time-out is for ever, ms. */
const ENDLESS_MS = 600_000
/** What the engine takes for the kill after the time-out, ms. */
const KILL_MS = 3_000
const POLL_MS = 300

/**
 * Waits until the containers whose stop may be under way have ended, or the longest of their stop time-outs and the kill after it
 * would be over: those that still run then go on running. To be called before containers are started whose stop may have been begun by
 * a client that died or gave up: `docker start` finds them running, does nothing, and a moment later they are down (measured).
 *
 * A wave is stopped only when the ones before it are down, so it is the first wave, in the order of stopping (`waves` is the order of
 * starting), in which a container still runs. The others that run were not asked to stop yet.
 */
export async function waitForPendingStop(
  docker: Docker,
  waves: readonly (readonly ToStart[])[],
  { patience, say }: { readonly patience: EnginePatience; readonly say: (line: string) => void | Promise<void> },
): Promise<void> {
  const runningOf = async (ids: readonly string[]) =>
    (await patience.ask(() => inspectContainers(docker, ids))).filter(({ state }) => state !== 'down')
  const all = await runningOf(waves.flat().map(({ id }) => id))
  const inWave = (wave: readonly ToStart[]) => all.filter(({ id }) => wave.some((one) => one.id === id))
  let stopping =
    waves
      .toReversed()
      .map(inWave)
      .find((running) => running.length > 0) ?? []
  if (stopping.length === 0) return
  const until = Date.now() + Math.max(...stopping.map(stopTimeoutMs)) + KILL_MS
  const look = async () => {
    stopping = await runningOf(stopping.map(({ id }) => id))
    return stopping.length === 0 ? 'down' : null
  }
  const names = () => stopping.map(({ name }) => `"${name}"`).join(', ')
  await tellWhile(
    { what: () => `waiting for the stop of ${names()}, which may be under way, before it is started again`, say },
    () => poll(look, { everyMs: POLL_MS, until }),
  )
}

function stopTimeoutMs({ stopTimeout }: Container): number {
  const seconds = stopTimeout ?? DEFAULT_STOP_S
  return seconds < 0 ? ENDLESS_MS : seconds * 1000
}
