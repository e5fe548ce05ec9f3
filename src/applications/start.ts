/** Starts applications that were stopped, and waits until they are ready. Whatever the time is: each start is asked for; only the waiting is bounded. */

import { commandError } from '../docker/callResult.ts'
import { inspectContainers } from '../docker/containers.ts'
import type { Container } from '../docker/parseContainer.ts'
import { poll, tellWhile } from '../docker/poll.ts'
import type { Docker } from '../docker/process.ts'
import { type EnginePatience, enginePatience } from './enginePatience.ts'
import { lastLogLines } from './hostState.ts'
import { waitForPendingStop } from './pendingStop.ts'
import { judgeReadiness, type StartedContainer } from './readiness.ts'
import type { ToStart } from './stopPlan.ts'

/** After that a client is taken for one that hangs, and another one asks. */
const START_DEADLINE_MS = 60_000
/** An `inspect` is answered from the engine's memory; one that is not answered by then is asked again, ms. */
const INSPECT_DEADLINE_MS = 20_000
const POLL_MS = 300
/** The longest that readiness is waited for, ms: a check that takes longer is a warning. */
const LONGEST_WAIT_MS = 15 * 60_000

/** A container that is not up again. Each fails the instance that stopped it. */
export interface StartFailure {
  /** The entry that asked for it. */
  readonly expected: ToStart
  readonly name: string
  /** The container that was found; `null` where there is none. */
  readonly id: string | null
  /** One sentence: what failed, and what to do. */
  readonly error: string
  /** It is down, or nobody could learn whether it is: the journal must remember it. Otherwise it runs, or is gone for good. */
  readonly isDown: boolean
  /** The last lines of its log since the start, oldest first. */
  readonly log: readonly string[]
}

export interface StartResult {
  readonly failed: readonly StartFailure[]
  readonly warnings: readonly string[]
  /** Names of those that were down before, and run now. */
  readonly started: readonly string[]
  /** When the last of them had been started, ms since the epoch: the end of the downtime, though some may not be healthy yet. */
  readonly startedAt: number
  /** When the first of them had been started, by the engine's clock and word; `null` where none was. */
  readonly firstStartedAt: string | null
}

export interface StartOptions {
  /** Until when readiness is waited for, ms since 1970; at most 15 minutes, and never less than it takes to see that a container keeps running. */
  readonly until: number
  /** Once it fires, nobody waits for a health check any more. It keeps nothing from being started. */
  readonly signal?: AbortSignal
  /** Told every 30 s what is waited for. */
  readonly say: (line: string) => void | Promise<void>
  /**
   * A stop may still be under way in the engine, because its client died or gave up: a container that runs is then watched until its
   * stop time-out is over, and started if it goes down.
   */
  readonly stopMayBePending?: boolean
  /** As `inspect` told of them a moment ago, so that it need not be asked again. */
  readonly known?: readonly Container[]
}

/**
 * Starts wave after wave, by id, else by name (somebody made it anew), and waits until all are ready. All are tried, even where one
 * fails; one that runs already is fine. Throws docker's own error where the engine cannot be asked any more.
 */
export async function startAll(
  docker: Docker,
  waves: readonly (readonly ToStart[])[],
  options: StartOptions,
): Promise<StartResult> {
  const patience = enginePatience()
  if (options.stopMayBePending) await waitForPendingStop(docker, waves, { patience, say: options.say })
  const ask = inspecting(docker, patience)
  const limits = { ...options, until: Math.min(options.until, Date.now() + LONGEST_WAIT_MS) }
  const starts: Start[] = []
  const ends = new Map<string, ReadinessEnd>()
  for (const wave of waves) {
    const asked = await Promise.all(wave.map((one) => startSafely({ docker, patience, ask }, one, options.known ?? [])))
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
    firstStartedAt: starts.flatMap(({ watched }) => watched?.startedAt ?? []).sort(byTime)[0] ?? null,
  }
}

function byTime(a: string, b: string): number {
  return Date.parse(a) - Date.parse(b)
}

interface Failure {
  readonly error: string
  readonly isDown: boolean
}

async function withLog(docker: Docker, { expected, id, logSince }: Start, failure: Failure): Promise<StartFailure> {
  const log = id === null ? [] : await lastLogLines(docker, id, logSince)
  return { expected, name: expected.name, id, error: failure.error, isDown: failure.isDown, log }
}

type Inspecting = (references: readonly string[]) => Promise<readonly Container[]>

function inspecting(docker: Docker, patience: EnginePatience): Inspecting {
  return (references) => patience.ask(() => inspectContainers(docker, references, { deadlineMs: INSPECT_DEADLINE_MS }))
}

/** A start that was asked for, and what came of it. */
interface Start {
  readonly expected: ToStart
  /** The container that was found; `null` where there is none. */
  readonly id: string | null
  readonly wasDown: boolean
  /** What to wait for; `null` where it could not be started. */
  readonly watched: StartedContainer | null
  /** Its last end, by the engine's clock: what it says may be older than what the engine then calls the time of its start. */
  readonly logSince: string | null
  readonly failure: Failure | null
  readonly warning: string | null
}

interface Engine {
  readonly docker: Docker
  readonly patience: EnginePatience
  readonly ask: Inspecting
}

/** What goes wrong with one must not keep the others down. */
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
  { docker, patience, ask }: Engine,
  expected: ToStart,
  known: readonly Container[],
): Promise<Start> {
  const found = await find(ask, expected, known)
  if (found === undefined) {
    const error = `container "${expected.name}" was stopped for the backup and is gone: somebody removed it meanwhile; create and start it again`
    return { ...unstarted(expected), failure: { error, isDown: false } }
  }
  const { id } = found
  const wasDown = found.state === 'down'
  const logSince = wasDown ? found.finishedAt : null
  const argv = ['start', id]
  // started twice is started
  const output = await patience.query(docker, argv, { deadlineMs: START_DEADLINE_MS })
  const now = (await ask([id]))[0]
  const said = output.ended.kind === 'exit' && output.ended.code === 0
  if (now === undefined || (now.state === 'down' && (!said || now.startedAt === found.startedAt))) {
    const what = `container "${expected.name}" could not be started again`
    const error = commandError(docker, argv, what, output).message
    return { ...unstarted(expected), id, wasDown, logSince, failure: { error, isDown: now !== undefined } }
  }
  const time = Date.now()
  const watched = { expected: { ...expected, id }, since: time, startedAt: now.startedAt, seenAt: time }
  const warning =
    id === expected.id ? null : `container "${expected.name}" was made anew while it was stopped for the backup`
  return { expected, id, wasDown, watched, logSince, failure: null, warning }
}

/** By the id that was planned, else by the very name. */
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

/** Waits until each is ready, has failed, or the time is over. One call of `inspect` asks for all. By the id that was planned. */
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
