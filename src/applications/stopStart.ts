/** Stopping applications, starting them again, and waiting until they are up: the effects around `quiesce`, `up` and `disturbed`. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Container } from '../docker/parseContainer.ts'
import { commandError, type Docker, query } from '../docker/process.ts'
import { queryWithRetry, retryWhileUnavailable } from '../docker/retry.ts'
import { containersOf, lastLogLines } from './inspect.ts'
import type { StoppedContainer } from './interference.ts'
import { pendingStops } from './pendingStop.ts'
import { judgeReadiness, type StartedContainer } from './readiness.ts'
import type { ToStart, ToStop } from './stopPlan.ts'

/** What the engine may take beyond a container's own time-out: the kill, and the volumes and networks it lets go of. */
const STOP_MARGIN_MS = 30_000
const DEFAULT_STOP_S = 10
/** After that a client is taken for one that hangs, and another one asks. */
const START_DEADLINE_MS = 60_000
const POLL_MS = 300

export interface StopFailure {
  readonly name: string
  /** One sentence: what failed, and what to do. */
  readonly error: string
}

export interface StopResult {
  /** Those that are down now. */
  readonly down: readonly StoppedContainer[]
  /** The first wave with one of these is the last that was begun. Such a stop may still be under way. */
  readonly failed: readonly StopFailure[]
  readonly warnings: readonly string[]
  /** The signal fired, and not all waves were begun. */
  readonly aborted: boolean
}

/**
 * Stops wave after wave, those of a wave side by side, each by its own signal and time-out. What `inspect` says counts.
 * A signal that fires ends it after the wave under way: a stop that is left behind goes on in the engine,
 * and would take down what was started again meanwhile. `endlessMs` is the time for a container whose own time-out is
 * for ever.
 */
export async function stopAll(
  docker: Docker,
  waves: readonly (readonly ToStop[])[],
  options: { readonly endlessMs: number; readonly signal?: AbortSignal },
): Promise<StopResult> {
  const down: StoppedContainer[] = []
  const failed: StopFailure[] = []
  const warnings: string[] = []
  for (const wave of waves) {
    if (options.signal?.aborted) return { down, failed, warnings, aborted: true }
    const ids = wave.map(({ container }) => container.id)
    const argv = ['stop', ...ids]
    const output = await query(docker, argv, { deadlineMs: waveDeadlineMs(wave, options.endlessMs) })
    const now = await containersOf(docker, ids)
    for (const { container } of wave) {
      const after = now.find(({ id }) => id === container.id)
      if (after?.state === 'down') {
        down.push({ id: after.id, name: after.name, startedAt: after.startedAt })
        if (after.exitCode === 137 && container.state === 'running') warnings.push(killed(after))
      } else if (after === undefined) {
        failed.push({
          name: container.name,
          error: `container "${container.name}" was removed while it was being stopped`,
        })
      } else {
        const what = `container "${container.name}" could not be stopped`
        failed.push({ name: container.name, error: commandError(docker, argv, what, output).message })
      }
    }
    if (failed.length > 0) break
  }
  return { down, failed, warnings, aborted: false }
}

function waveDeadlineMs(wave: readonly ToStop[], endlessMs: number): number {
  const timeouts = wave.map(({ container: { stopTimeout } }) => {
    const seconds = stopTimeout ?? DEFAULT_STOP_S
    return seconds < 0 ? endlessMs : seconds * 1000 + STOP_MARGIN_MS
  })
  return Math.max(...timeouts)
}

function killed(container: Container): string {
  const after = container.stopTimeout ?? DEFAULT_STOP_S
  return container.oomKilled
    ? `container "${container.name}" ran out of memory while it was being stopped: its data may be torn`
    : `container "${container.name}" did not end within its ${after} s and was killed: its data may be torn. Give it more time (stop_grace_period, --stop-timeout) or a fitting stop signal`
}

export interface StartFailure extends StopFailure {
  /** The last lines of its log since the start, oldest first. */
  readonly log: readonly string[]
}

export interface StartResult {
  /** Each fails the instance. */
  readonly failed: readonly StartFailure[]
  readonly warnings: readonly string[]
  /** When the last of them had been started, ms since the epoch: the end of the downtime, though some may not be healthy yet. */
  readonly startedAt: number
  /** When the first of them had been started, by the engine's clock and word; `null` where none was. */
  readonly firstStartedAt: string | null
}

export interface StartOptions {
  /** Bounds all the waiting, ms; what is not up by then has failed. */
  readonly deadlineMs: number
  /**
   * A stop may still be under way in the engine, because whoever asked for it died or gave up: one that is running is then
   * watched until its stop time-out is over, and started should it go down.
   */
  readonly stopMayBePending?: boolean
  /** As `inspect` told of them a moment ago, so that it need not be asked again. */
  readonly known?: readonly Container[]
}

/**
 * Starts wave after wave, by id, else by name (somebody made it anew), and waits until all are up. All are tried, even where one
 * fails; one that runs already is fine. Takes no signal: who was stopped is started again, also when the run was cancelled.
 */
export async function startAll(
  docker: Docker,
  waves: readonly (readonly ToStart[])[],
  options: StartOptions,
): Promise<StartResult> {
  const end = Date.now() + options.deadlineMs
  if (options.stopMayBePending) await pendingStops(docker, await lastStopped(docker, waves))
  const started: Started[] = []
  const settled = new Map<string, Settled>()
  for (const wave of waves) {
    const ready = await Promise.all(wave.map((one) => startSurely(docker, one, options.known ?? [])))
    started.push(...ready)
    const first = ready.filter(({ watched }) => watched?.expected.healthyFirst)
    for (const [id, how] of await settle(docker, first, end)) settled.set(id, how)
  }
  const startedAt = Date.now()
  const rest = started.filter(({ expected }) => !settled.has(expected.id))
  for (const [id, how] of await settle(docker, rest, end)) settled.set(id, how)
  const errors = started.flatMap((one) => {
    const error = one.error ?? settled.get(one.expected.id)?.error ?? null
    return error === null ? [] : [{ one, error }]
  })
  return {
    failed: await Promise.all(
      errors.map(async ({ one, error }) => ({
        name: one.expected.name,
        error,
        log: one.id === null ? [] : await lastLogLines(docker, one.id, one.logSince),
      })),
    ),
    warnings: started.flatMap(({ expected, warning }) =>
      [warning, settled.get(expected.id)?.warning].filter((w) => w != null),
    ),
    startedAt,
    firstStartedAt: started.flatMap(({ watched }) => watched?.startedAt ?? []).sort(byTime)[0] ?? null,
  }
}

function byTime(a: string, b: string): number {
  return Date.parse(a) - Date.parse(b)
}

interface Started {
  readonly expected: ToStart
  /** The one that was found; `null` where there is none. */
  readonly id: string | null
  /** What to wait for; `null` where it could not be started. */
  readonly watched: StartedContainer | null
  /** Its last end, by the engine's clock: what it says may be older than what the engine then calls the time of its start. */
  readonly logSince: string | null
  readonly error: string | null
  readonly warning: string | null
}

interface Settled {
  readonly error: string | null
  readonly warning: string | null
}

/**
 * Whose stop may be under way: a wave is stopped only when the ones before it are down, so it is the first of them, in the order of
 * stopping, in which anybody still runs. The others that run were not asked to stop yet.
 */
async function lastStopped(docker: Docker, waves: readonly (readonly ToStart[])[]): Promise<readonly string[]> {
  const ids = waves.flat().map(({ id }) => id)
  const up = (await seen(docker, ids)).filter(({ state }) => state !== 'down').map(({ id }) => id)
  const wave = [...waves].reverse().find((one) => one.some(({ id }) => up.includes(id)))
  return (wave ?? []).map(({ id }) => id).filter((id) => up.includes(id))
}

/** What goes wrong with one must not keep the others down. */
async function startSurely(docker: Docker, expected: ToStart, known: readonly Container[]): Promise<Started> {
  try {
    return await startOne(docker, expected, known)
  } catch (error) {
    return { expected, id: null, watched: null, logSince: null, warning: null, error: (error as Error).message }
  }
}

/** How long the engine may be away, or its client be killed, before an application is given up, ms. */
const PATIENCE_MS = 120_000

const seen = (docker: Docker, references: readonly string[]) =>
  retryWhileUnavailable(PATIENCE_MS, () => containersOf(docker, references))

async function startOne(docker: Docker, expected: ToStart, known: readonly Container[]): Promise<Started> {
  const nothing = { expected, id: null, watched: null, logSince: null, warning: null }
  const found =
    known.find(({ id }) => id === expected.id) ??
    (await seen(docker, [expected.id]))[0] ??
    (await seen(docker, [expected.name]))[0]
  if (found === undefined) {
    const error = `container "${expected.name}" was stopped for the backup and is gone: somebody removed it meanwhile; create and start it again`
    return { ...nothing, error }
  }
  const { id } = found
  const logSince = found.state === 'down' ? found.finishedAt : null
  const warning =
    id === expected.id ? null : `container "${expected.name}" was made anew while it was stopped for the backup`
  const argv = ['start', id]
  // started twice is started
  const output = await queryWithRetry(docker, argv, PATIENCE_MS, { deadlineMs: START_DEADLINE_MS })
  const now = (await seen(docker, [id]))[0]
  const said = output.ended.kind === 'exit' && output.ended.code === 0
  if (now === undefined || (now.state === 'down' && (!said || now.startedAt === found.startedAt))) {
    const what = `container "${expected.name}" could not be started again`
    return { ...nothing, id, logSince, error: commandError(docker, argv, what, output).message }
  }
  const time = Date.now()
  const watched = { expected: { ...expected, id }, since: time, startedAt: now.startedAt, seenAt: time }
  return { expected, id, watched, logSince, error: null, warning }
}

/** Waits until each is up, has failed, or the time is over. One call of `inspect` asks for all. By the id that was planned. */
async function settle(docker: Docker, started: readonly Started[], end: number): Promise<ReadonlyMap<string, Settled>> {
  const settled = new Map<string, Settled>()
  let open = started.flatMap(({ expected, watched }) => (watched === null ? [] : [{ key: expected.id, watched }]))
  while (open.length > 0) {
    const now = await seen(
      docker,
      open.map(({ watched }) => watched.expected.id),
    )
    const time = Date.now()
    open = open.flatMap(({ key, watched }) => {
      const verdict = judgeReadiness(
        watched,
        now.find(({ id }) => id === watched.expected.id),
        time,
      )
      if (verdict.kind === 'waiting' && time < end) return [{ key, watched: verdict.watched }]
      if (verdict.kind === 'up') settled.set(key, { error: null, warning: verdict.warning })
      else if (verdict.kind === 'failed') settled.set(key, { error: verdict.error, warning: null })
      else
        settled.set(
          key,
          unjudged(
            watched,
            now.find(({ id }) => id === watched.expected.id),
          ),
        )
      return []
    })
    if (open.length > 0) await sleep(POLL_MS)
  }
  return settled
}

/** The time is over. One whose health check is so slow that it has not been probed by then, but that runs, is not called down. */
function unjudged({ expected: { name } }: StartedContainer, now: Container | undefined): Settled {
  const isUnprobed = now?.state === 'running' && now.health?.status === 'starting'
  return isUnprobed
    ? { error: null, warning: `container "${name}" runs again, but its health check has not said so yet: it is slow` }
    : {
        error: `container "${name}" was started again, but was not up when the time for that was over`,
        warning: null,
      }
}
