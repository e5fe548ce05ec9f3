/** Stops applications, wave after wave, and tells which are down. What `inspect` says counts, not how the client ended. */

import type { QueryOutput } from '../docker/callResult.ts'
import { commandError } from '../docker/callResult.ts'
import { inspectContainers } from '../docker/containers.ts'
import type { Container } from '../docker/parseContainer.ts'
import { tellWhile } from '../docker/poll.ts'
import { type Docker, query } from '../docker/process.ts'
import type { StoppedContainer } from './interference.ts'
import type { ToStop } from './stopPlan.ts'

/** What the engine may take beyond a container's own time-out: the kill, and the release of volumes and networks. */
const STOP_MARGIN_MS = 30_000
/** The engine's own stop time-out, where the container has none. */
export const DEFAULT_STOP_S = 10
/** The least time to stop for a container whose own time-out is for ever, ms: the instance's time may be nearly over. */
const LEAST_ENDLESS_MS = 5_000
/** The longest, ms. */
const MOST_ENDLESS_MS = 15 * 60_000

export interface StopFailure {
  readonly name: string
  /** One sentence: what failed, and what to do. */
  readonly error: string
}

export interface StopResult {
  /** Those that are down now. */
  readonly down: readonly StoppedContainer[]
  /** No wave is begun after one that has a failure. */
  readonly failed: readonly StopFailure[]
  /** A stop that failed may still be under way in the engine. */
  readonly isPending: boolean
  readonly warnings: readonly string[]
  /** The signal fired, and not all waves were begun. */
  readonly aborted: boolean
}

export interface StopOptions {
  /** Bounds the wait for a container whose own stop time-out is for ever, ms since 1970. The others have their own bound, which the engine keeps. */
  readonly until: number
  /** Told every 30 s whose stop is waited for. */
  readonly say: (line: string) => void | Promise<void>
  readonly signal?: AbortSignal
}

/**
 * Stops wave after wave, those of a wave side by side, each by its own signal and time-out. A signal that fires ends it after the
 * wave under way: the engine goes on with a stop that nobody waits for, and would take down what was started again meanwhile.
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

/** A stop that was asked for: what docker said, what the engine says since, and how long it took. */
interface AskedStop {
  readonly argv: readonly string[]
  readonly output: QueryOutput
  readonly now: readonly Container[]
  readonly tookMs: number
}

async function stopWave(docker: Docker, wave: readonly ToStop[], { until, say }: StopOptions): Promise<AskedStop> {
  const ids = wave.map(({ container }) => container.id)
  const names = wave.map(({ container }) => `"${container.name}"`).join(', ')
  const argv = ['stop', ...ids]
  const began = Date.now()
  const deadlineMs = waveDeadlineMs(wave, until - began)
  const output = await tellWhile({ what: () => `waiting for ${names} to stop`, say }, () =>
    query(docker, argv, { deadlineMs }),
  )
  const tookMs = Date.now() - began
  return { argv, output, now: await inspectContainers(docker, ids), tookMs }
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
    return `${who}${policy} was stopped, and started again by somebody else at ${after.startedAt}, before its data could be copied: see what starts it (a timer, a watchdog, another tool)`
  }
  const { ended } = asked.output
  if (ended.kind === 'timeout' && (before.stopTimeout ?? 0) < 0)
    return `${who} did not end within ${Math.round(ended.afterMs / 1000)} s, and has no stop time-out of its own (--stop-timeout -1): give it one, after which the engine ends it`
  if (ended.kind === 'exit' && ended.code === 0)
    return `${who} could not be stopped: docker says that it was, but it has been running since ${after.startedAt}`
  return commandError(docker, asked.argv, `${who} could not be stopped`, asked.output).message
}

/** The container ended by SIGKILL. That was the engine's doing only where its time-out had passed. */
function killed(container: Container, tookMs: number): string {
  const who = `container "${container.name}"`
  if (container.oomKilled) return `${who} was killed, and had run out of memory: its data may be torn`
  const seconds = container.stopTimeout ?? DEFAULT_STOP_S
  if (seconds < 0 || tookMs < seconds * 1000)
    return `${who} was killed before its stop time-out was over, by its stop signal or by somebody else: its data may be torn`
  return `${who} did not end within its ${seconds} s and was killed: its data may be torn. Give it more time (stop_grace_period, --stop-timeout) or a fitting stop signal`
}
