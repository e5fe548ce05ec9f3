/** Stops applications wave after wave and tells which are down. `inspect` decides, not the exit code of the client. */

import type { QueryOutput } from '../docker/callResult.ts'
import { commandError } from '../docker/callResult.ts'
import { inspectContainers } from '../docker/containers.ts'
import type { Container } from '../docker/parseContainer.ts'
import { tellWhile } from '../docker/poll.ts'
import { type Docker, query } from '../docker/process.ts'
import type { StoppedContainer } from './interference.ts'
import type { ToStop } from './stopPlan.ts'

/** Time that the engine may take beyond a container's own stop time-out, for the kill and for releasing volumes and networks, ms. */
const STOP_MARGIN_MS = 30_000
/** The engine's stop time-out for a container that has none of its own, s. */
export const DEFAULT_STOP_S = 10
/** Shortest wait for a container whose own stop time-out is unlimited, ms, even if the instance's time is nearly over. */
const LEAST_ENDLESS_MS = 5_000
/** Longest wait for a container whose own stop time-out is unlimited, ms. */
const MOST_ENDLESS_MS = 15 * 60_000

export interface StopFailure {
  readonly name: string
  /** One sentence: what failed and, if that can be known, what to do. */
  readonly error: string
}

export interface StopResult {
  /** The containers that are down now. */
  readonly down: readonly StoppedContainer[]
  /** The containers whose stop failed, or was not asked for because it may take too long. After a wave with a failure no further wave is begun. */
  readonly failed: readonly StopFailure[]
  /** True if the engine may still be working on a stop that failed. */
  readonly isPending: boolean
  readonly warnings: readonly string[]
  /** True if waves were left out because the signal had fired. */
  readonly aborted: boolean
}

export interface StopOptions {
  /**
   * End of the instance's time, ms since 1970. A container whose stop time-out may last longer is refused. One whose stop time-out is
   * unlimited is waited for until then, but for 5 s at least and 15 min at most.
   */
  readonly until: number
  /** Called every 30 s with the names of the containers whose stop is waited for. */
  readonly say: (line: string) => void | Promise<void>
  readonly signal?: AbortSignal
}

/**
 * Stops wave after wave; the containers of one wave in parallel, each by its own stop signal and time-out. If one may take longer than the
 * instance has time, none is stopped. If the abort signal fires, the wave that is under way is finished first: the engine would go on with
 * a stop that nobody waits for, and would take down what was started again meanwhile. Throws `CommandError` if `inspect` fails.
 */
export async function stopAll(
  docker: Docker,
  waves: readonly (readonly ToStop[])[],
  options: StopOptions,
): Promise<StopResult> {
  const down: StoppedContainer[] = []
  const failed: StopFailure[] = []
  const warnings: string[] = []
  let isPending = false
  const tooSlow = tooSlowToStop(waves, options.until - Date.now())
  if (tooSlow.length > 0) return { down, failed: tooSlow, isPending, warnings, aborted: false }
  for (const wave of waves) {
    if (options.signal?.aborted) return { down, failed, isPending, warnings, aborted: true }
    const asked = await stopWave(docker, wave, options)
    for (const { container } of wave) {
      const after = asked.now.find(({ id }) => id === container.id)
      if (after?.state !== 'down') {
        failed.push({ name: container.name, error: whyNotDown(docker, container, after, asked) })
        isPending ||= after?.startedAt === container.startedAt
      } else {
        down.push({ id: after.id, name: after.name, startedAt: after.startedAt })
        if (after.exitCode === 137 && container.state === 'running') warnings.push(killed(after, asked.tookMs))
      }
    }
    if (failed.length > 0) break
  }
  return { down, failed, isPending, warnings, aborted: false }
}

/**
 * Returns the containers of these waves whose stop may take longer than `leftMs`, the time that the instance has. Asked when the run is
 * planned and again before anything is stopped: a stop that has begun cannot be taken back, and until it has ended the container cannot be
 * started again.
 */
export function tooSlowToStop(waves: readonly (readonly ToStop[])[], leftMs: number): readonly StopFailure[] {
  let left = leftMs
  return waves.flatMap((wave) => {
    const containers = wave.map(({ container }) => container)
    const failed = containers.flatMap((container) => {
      const error = whyTooSlow(container, left)
      return error === null ? [] : [{ name: container.name, error }]
    })
    // the next wave is stopped when this one is down, at the latest after its longest stop time-out
    left -= Math.max(0, ...containers.map(({ stopTimeout }) => (stopTimeout ?? DEFAULT_STOP_S) * 1000))
    return failed
  })
}

/** The stop of one wave: docker's answer, the containers in their state afterwards, and the time that it took, ms. */
interface AskedStop {
  readonly output: QueryOutput
  readonly now: readonly Container[]
  readonly tookMs: number
}

async function stopWave(docker: Docker, wave: readonly ToStop[], { until, say }: StopOptions): Promise<AskedStop> {
  const ids = wave.map(({ container }) => container.id)
  const names = wave.map(({ container }) => `"${container.name}"`).join(', ')
  const began = Date.now()
  const deadlineMs = waveDeadlineMs(wave, until - began)
  const output = await tellWhile({ what: () => `waiting for ${names} to stop`, say }, () =>
    query(docker, ['stop', ...ids], { deadlineMs }),
  )
  const tookMs = Date.now() - began
  return { output, now: await inspectContainers(docker, ids), tookMs }
}

/** Says why a container must not be stopped, if it may take longer than the `leftMs` that the instance has; else `null`. */
function whyTooSlow({ name, stopTimeout }: Container, leftMs: number): string | null {
  // the engine's default is short, and one without a time-out is waited for as long as there is time
  if (stopTimeout === null || stopTimeout < 0 || stopTimeout * 1000 <= leftMs) return null
  return `container "${name}" is not stopped: it may take ${stopTimeout} s (its stop time-out), and the instance has ${Math.max(0, Math.floor(leftMs / 1000))} s for it. Raise \`timeout\`, or give it a shorter one (stop_grace_period, --stop-timeout)`
}

function waveDeadlineMs(wave: readonly ToStop[], leftMs: number): number {
  const endlessMs = Math.min(Math.max(leftMs, LEAST_ENDLESS_MS), MOST_ENDLESS_MS)
  const timeouts = wave.map(({ container: { stopTimeout } }) => {
    const seconds = stopTimeout ?? DEFAULT_STOP_S
    return seconds < 0 ? endlessMs : seconds * 1000 + STOP_MARGIN_MS
  })
  return Math.max(...timeouts)
}

function whyNotDown(docker: Docker, before: Container, after: Container | undefined, asked: AskedStop): string {
  const who = `container "${before.name}"`
  if (after === undefined) return `${who} was removed while it was being stopped`
  if (after.startedAt !== before.startedAt) {
    const policy = after.restartPolicy === 'no' ? '' : `, whose restart policy is "${after.restartPolicy}",`
    return `${who}${policy} was stopped, and started again by somebody else at ${after.startedAt}, while it had to stay stopped: see what starts it (a timer, a watchdog, another tool)`
  }
  const { ended } = asked.output
  if (ended.kind === 'timeout' && (before.stopTimeout ?? 0) < 0)
    return `${who} did not end within ${Math.round(ended.afterMs / 1000)} s, and has no stop time-out of its own (--stop-timeout -1): give it one, after which the engine ends it`
  if (ended.kind === 'exit' && ended.code === 0)
    return `${who} could not be stopped: docker says that it was, but it has been running since ${after.startedAt}`
  return commandError(docker, `${who} could not be stopped`, asked.output).message
}

/** Says in a sentence that a container was killed (SIGKILL), and by whom: by the engine only if `tookMs` reaches the container's stop time-out. */
function killed(container: Container, tookMs: number): string {
  const who = `container "${container.name}"`
  if (container.oomKilled) return `${who} was killed, and had run out of memory: its data may be torn`
  const seconds = container.stopTimeout ?? DEFAULT_STOP_S
  if (seconds < 0 || tookMs < seconds * 1000)
    return `${who} was killed before its stop time-out was over, by its stop signal or by somebody else: its data may be torn`
  return `${who} did not end within its ${seconds} s and was killed: its data may be torn. Give it more time (stop_grace_period, --stop-timeout) or a fitting stop signal`
}
