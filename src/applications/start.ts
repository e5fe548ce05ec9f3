/**
 * Starts stopped applications and waits until they are ready. Every start is asked for, even when the instance's time is over: the time
 * limits only the waiting.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { commandError, isUnanswered, type QueryOutput, succeeded } from '../docker/callResult.ts'
import { inspectContainers } from '../docker/containers.ts'
import type { Container } from '../docker/parseContainer.ts'
import { poll, tellWhile } from '../docker/poll.ts'
import { type Docker, query } from '../docker/process.ts'
import { type EnginePatience, enginePatience } from './enginePatience.ts'
import { lastLogLines } from './hostState.ts'
import { waitForPendingStop } from './pendingStop.ts'
import { judgeReadiness, type StartedContainer } from './readiness.ts'
import { DEFAULT_STOP_S } from './stop.ts'
import type { ToStart } from './stopPlan.ts'

/**
 * Deadline of one client that starts a container, ms. A client that hangs is left behind, and another one asks: a start that is asked for
 * twice is one start.
 */
const START_DEADLINE_MS = 15_000
/** Time for which a container that stays down is asked for again while `start` gets no answer and `inspect` gets one, ms. */
const START_AGAIN_MS = 60_000
/** Pause between two of these tries, ms. */
const START_PAUSE_MS = 300
/** Deadline of one `inspect`, ms. The engine answers it from memory, so a later answer is not waited for: it is asked again. */
const INSPECT_DEADLINE_MS = 20_000
const POLL_MS = 300
/** Longest wait for readiness, ms. A health check that takes longer gives a warning. */
const LONGEST_WAIT_MS = 15 * 60_000

/** A container that is not up again, or of which that cannot be learned. It fails the instance that stopped it. */
export interface StartFailure {
  /** The entry of the plan or the journal that asked for the start. */
  readonly expected: ToStart
  readonly name: string
  /** Id of the container that was found; `null` if there is none, or if the engine could not be asked. */
  readonly id: string | null
  /** One sentence: what failed and, if that can be known, what to do. */
  readonly error: string
  /** True if it is down, may go down at any moment, or could not be asked for: the journal must remember it. False if it runs, or is gone. */
  readonly isDown: boolean
  /** True if it runs, and its health check does not pass. */
  readonly isUnhealthy: boolean
  /** The last lines of its log since its last end (of all of it if it ran before), oldest first; empty without an `id`. */
  readonly log: readonly string[]
}

export interface StartResult {
  readonly failed: readonly StartFailure[]
  readonly warnings: readonly string[]
  /** Names of the containers that were down before and run now. */
  readonly started: readonly string[]
  /** When all had been asked to start, ms since 1970: the end of the downtime. Some may not be healthy yet. */
  readonly startedAt: number
  /** When the first of `started` was started, by the engine's clock, as the engine writes it; `null` if none was. */
  readonly firstStartedAt: string | null
}

export interface StartOptions {
  /** Until when readiness is waited for, ms since 1970, but at most for 15 minutes, and always long enough to see that a container keeps running. */
  readonly until: number
  /** When it fires, health checks are no longer waited for. All containers are started all the same. */
  readonly signal?: AbortSignal
  /** Called every 30 s with what is waited for. */
  readonly say: (line: string) => void | Promise<void>
  /**
   * True if the engine may still be stopping them, because the client that asked for it a moment ago gave up. A container that runs is then
   * watched until its stop time-out is over, and started if it goes down.
   */
  readonly stopMayBePending?: boolean
  /** The containers as `inspect` showed them a moment ago, which saves a question. Some may be missing. */
  readonly known?: readonly Container[]
}

/**
 * Starts wave after wave and waits until all are ready. A container is found by id, else by name (somebody may have created it anew). All
 * are tried even if one fails; one that runs already is fine. Throws docker's own error if the engine cannot be asked whether they are up.
 */
export async function startAll(
  docker: Docker,
  waves: readonly (readonly ToStart[])[],
  options: StartOptions,
): Promise<StartResult> {
  const patience = enginePatience()
  const limits = { ...options, until: Math.min(options.until, Date.now() + LONGEST_WAIT_MS) }
  const stopping = options.stopMayBePending
    ? await waitForPendingStop(docker, waves, { ...limits, patience, askedBy: Date.now() })
    : []
  const ask = inspecting(docker, patience)
  const starts: Start[] = []
  const ends = new Map<string, ReadinessEnd>()
  for (const wave of waves) {
    const names = wave.map(({ name }) => `"${name}"`).join(', ')
    const asked = await tellWhile({ what: () => `waiting for docker to start ${names}`, say: options.say }, () =>
      Promise.all(wave.map((one) => startSafely({ docker, ask, stopping }, one, options.known ?? []))),
    )
    starts.push(...asked)
    const first = asked.filter(({ watched }) => watched?.expected.healthyFirst)
    for (const [id, how] of await waitUntilReady(ask, first, limits)) ends.set(id, how)
  }
  const startedAt = Date.now()
  const rest = starts.filter(({ expected }) => !ends.has(expected.id))
  for (const [id, how] of await waitUntilReady(ask, rest, limits)) ends.set(id, how)
  const failures = starts.flatMap((start) => {
    const failure = start.failure ?? ends.get(start.expected.id)?.failure ?? null
    return failure === null ? [] : [{ start, failure }]
  })
  return {
    failed: await Promise.all(failures.map(({ start, failure }) => withLog(docker, start, failure))),
    warnings: starts.flatMap(({ expected, warning }) =>
      [warning, ends.get(expected.id)?.warning].filter((one) => one != null),
    ),
    started: starts.filter(({ wasDown, watched }) => wasDown && watched !== null).map(({ expected }) => expected.name),
    startedAt,
    firstStartedAt:
      starts.flatMap(({ wasDown, watched }) => (wasDown && watched ? watched.startedAt : [])).sort(byTime)[0] ?? null,
  }
}

function byTime(a: string, b: string): number {
  return Date.parse(a) - Date.parse(b)
}

interface Failure {
  readonly error: string
  readonly isDown: boolean
  readonly isUnhealthy?: boolean
}

async function withLog(docker: Docker, { expected, id, logSince }: Start, failure: Failure): Promise<StartFailure> {
  const log = id === null ? [] : await lastLogLines(docker, id, logSince)
  const { error, isDown, isUnhealthy = false } = failure
  return { expected, name: expected.name, id, error, isDown, isUnhealthy, log }
}

type Inspecting = (references: readonly string[]) => Promise<readonly Container[]>

function inspecting(docker: Docker, patience: EnginePatience): Inspecting {
  return (references) => patience.ask(() => inspectContainers(docker, references, { deadlineMs: INSPECT_DEADLINE_MS }))
}

/** A start that was tried, with its result. */
interface Start {
  readonly expected: ToStart
  /** Id of the container that was found; `null` if there is none, or if the engine could not be asked. */
  readonly id: string | null
  readonly wasDown: boolean
  /** The started container, whose readiness is waited for; `null` if it could not be started. */
  readonly watched: StartedContainer | null
  /**
   * Time from which its log is read, by the engine's clock: its last end, because a container can print before the time that the engine
   * records as its start. `null` if it was not down.
   */
  readonly logSince: string | null
  readonly failure: Failure | null
  readonly warning: string | null
}

interface Engine {
  readonly docker: Docker
  readonly ask: Inspecting
  /** Containers that run and may go down at any moment, because the engine may still be stopping them: they cannot be started now. */
  readonly stopping: readonly Container[]
}

/** Starts one container as `startOne` does, and turns an error into a result, so that the others are started too. */
async function startSafely(engine: Engine, expected: ToStart, known: readonly Container[]): Promise<Start> {
  try {
    return await startOne(engine, expected, known)
  } catch (error) {
    return { ...unstarted(expected), failure: { error: (error as Error).message, isDown: true } }
  }
}

function unstarted(expected: ToStart): Start {
  return { expected, id: null, wasDown: false, watched: null, logSince: null, failure: null, warning: null }
}

async function startOne(
  { docker, ask, stopping }: Engine,
  expected: ToStart,
  known: readonly Container[],
): Promise<Start> {
  const found = await find(ask, expected, known)
  if (found === undefined) {
    const error = `container "${expected.name}" was stopped by this run and is gone: somebody removed it meanwhile; create and start it again`
    return { ...unstarted(expected), failure: { error, isDown: false } }
  }
  const { id } = found
  if (stopping.some((one) => one.id === id)) {
    const error = `container "${expected.name}" runs, but its stop was asked for, and may end it until its stop time-out of ${found.stopTimeout ?? DEFAULT_STOP_S} s is over: the next run looks at it again; docker start ${expected.name} starts it at once when it is down`
    return { ...unstarted(expected), id, failure: { error, isDown: true } }
  }
  const wasDown = found.state === 'down'
  const logSince = wasDown ? found.finishedAt : null
  const { output, now } = await askToStart(docker, ask, id)
  if (now === undefined || (now.state === 'down' && (!succeeded(output) || now.startedAt === found.startedAt))) {
    const error = whyNotStarted(docker, { expected, output, now })
    return { ...unstarted(expected), id, wasDown, logSince, failure: { error, isDown: now !== undefined } }
  }
  const time = Date.now()
  const watched = { expected: { ...expected, id }, since: time, startedAt: now.startedAt, seenAt: time }
  const warning =
    id === expected.id ? null : `container "${expected.name}" was made anew while it was stopped by this run`
  return { expected, id, wasDown, watched, logSince, failure: null, warning }
}

/**
 * Asks for the start and then for the container, until the start is answered or the container is no longer down. Throws docker's own error
 * if the engine does not answer the second question either.
 */
async function askToStart(docker: Docker, ask: Inspecting, id: string) {
  const until = Date.now() + START_AGAIN_MS
  for (;;) {
    const output = await query(docker, ['start', id], { deadlineMs: START_DEADLINE_MS })
    const now = (await ask([id]))[0]
    if (!isUnanswered(output) || now?.state !== 'down' || Date.now() > until) return { output, now }
    await sleep(START_PAUSE_MS)
  }
}

interface AskedStart {
  readonly expected: ToStart
  readonly output: QueryOutput
  readonly now: Container | undefined
}

function whyNotStarted(docker: Docker, { expected: { name }, output, now }: AskedStart): string {
  const who = `container "${name}"`
  if (now === undefined)
    return `${who} was removed by somebody else while it was being started again: create and start it again`
  if (succeeded(output))
    return `${who} is down, although docker says that it was started again: somebody else stopped it at that moment, or is stopping it; see what does, and start it (docker start ${name})`
  return commandError(docker, `${who} could not be started again`, output).message
}

/** Finds the container by the planned id, else by exactly the planned name; `undefined` if there is neither. */
async function find(
  ask: Inspecting,
  { id, name }: ToStart,
  known: readonly Container[],
): Promise<Container | undefined> {
  const byId = known.find((one) => one.id === id) ?? (await ask([id])).find((one) => one.id === id)
  return byId ?? (await ask([name])).find((one) => one.name === name)
}

interface ReadinessEnd {
  readonly failure: Failure | null
  readonly warning: string | null
}

/** Waits until `judgeReadiness` calls each container ready or failed. One `inspect` asks for all. The result is keyed by planned id. */
async function waitUntilReady(
  ask: Inspecting,
  starts: readonly Start[],
  { until, signal, say }: Pick<StartOptions, 'until' | 'signal' | 'say'>,
): Promise<ReadonlyMap<string, ReadinessEnd>> {
  const ends = new Map<string, ReadinessEnd>()
  let open = starts.flatMap(({ expected, watched }) => (watched === null ? [] : [{ key: expected.id, watched }]))
  const look = async () => {
    if (open.length === 0) return 'done'
    const found = await ask(open.map(({ watched }) => watched.expected.id))
    const now = Date.now()
    const times = { now, until: signal?.aborted ? Math.min(until, now) : until }
    open = open.flatMap(({ key, watched }) => {
      const container = found.find(({ id }) => id === watched.expected.id)
      const verdict = judgeReadiness(watched, container, times)
      if (verdict.kind === 'waiting') return [{ key, watched: verdict.watched }]
      if (verdict.kind === 'ready') ends.set(key, { failure: null, warning: verdict.warning })
      else ends.set(key, { failure: verdict, warning: null })
      return []
    })
    return open.length === 0 ? 'done' : null
  }
  const names = () => open.map(({ watched }) => `"${watched.expected.name}"`).join(', ')
  // the verdicts themselves end the wait
  await tellWhile({ what: () => `waiting for ${names()} to be up again`, say }, () =>
    poll(look, { everyMs: POLL_MS, until: Number.POSITIVE_INFINITY }),
  )
  return ends
}
