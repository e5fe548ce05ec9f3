/** Runs the backup container: starts it attached, reads its log, waits for its end, and judges by what the engine says of it. */
import { inspectContainer } from '../docker/containers.ts'
import { look } from '../docker/copyFiles.ts'
import { watchEngine } from '../docker/heartbeat.ts'
import type { Container } from '../docker/parseContainer.ts'
import { poll } from '../docker/poll.ts'
import { type Docker, firstOf, query, type Stream, stream } from '../docker/process.ts'
import { retryWhileUnavailable } from '../docker/retry.ts'
import { CommandError, DockerUnavailableError, type Ended, EngineLostError } from '../errors.ts'
import type { InstanceLog } from '../log/instanceLog.ts'
import { backupFailure, type ImageWork, wasStarted } from './backupVerdict.ts'
import { filterClientWords } from './clientWords.ts'
import { readAhead } from './readAhead.ts'
import { readScriptHead, type ScriptHead } from './scriptHead.ts'

export interface BackupRun {
  readonly work: ImageWork
  readonly docker: Docker
  readonly container: string
  readonly image: string
  readonly memory: string | null
  /** The ENTRYPOINT that is used, from the image or the configuration. Empty: the script is started directly. */
  readonly entrypoint: readonly string[]
  /** The USER that is used, of the image or the configuration. Empty is root. */
  readonly user: string
  readonly log: InstanceLog
  /** Stops the container when it fires: the run is cancelled, its deadline passes, or its claim is lost. */
  readonly signal: AbortSignal
}

/**
 * Says how the backup container ended. If `signal` fired, the caller goes by its reason and not by this: a container that is stopped can
 * even end with exit code 0.
 */
export type BackupEnd = { readonly warnings: readonly string[] } & (
  | { readonly kind: 'success' }
  /**
   * `exitCode` is `null` if the container did not run to an end: it was never started, was removed, or could not be stopped. `error` is one
   * sentence.
   */
  | { readonly kind: 'failed'; readonly exitCode: number | null; readonly error: string }
)

/** Time that the container gets between SIGTERM and SIGKILL, s. GitHub kills this process 10 s after a cancel. */
const STOP_SECONDS = 3
/** Time without an answer of the engine after which its container is given up, ms: the job ends within a minute of the engine's death. */
const ENGINE_AWAY_MS = 40_000
/** Deadline of one inspect, ms, so that a hanging engine does not use up `ENGINE_AWAY_MS` at once. */
const LOOK_AT_END_MS = 10_000
/**
 * Time after a container's end in which the engine may still learn that memory ran out, ms: the two events reach it separately (measured on
 * 26.1).
 */
const OOM_LATE_MS = 1_000
const OOM_POLL_MS = 200
/** Pause between two looks at a container whose client died, ms. */
const END_POLL_MS = 1_000
/** Time that the rest of a stopped container's log is waited for, ms. */
const LAST_WORDS_MS = 5_000
const FOR_EVER_MS = 2 ** 31 - 1

const CUT = 'lines may be missing from its log: the docker client that read it died'
const MAY_LACK_END =
  "the last lines may be missing from its log: the job's console, or the disk of the log, took nothing for so long that docker may have dropped them"
const UNKNOWN_END = 'nobody can say how the backup ended'
const SEE_ENGINE = 'See that the engine runs; the next run on this host cleans up'

/**
 * Starts the container, and returns when it has ended or was stopped because `signal` fired. Throws `EngineLostError` if the engine is away
 * for too long to tell the result.
 */
export async function runBackup(run: BackupRun): Promise<BackupEnd> {
  const attached = await runAttached(run)
  const { container, outlived } = await waitForEnd(run)
  const last = await untilOomIsKnown(run, container)
  if (last === null || last.status === 'removing')
    return {
      kind: 'failed',
      exitCode: null,
      error: `the ${run.work} container was removed by someone else while it ran`,
      warnings: [],
    }
  const isCut = wasStarted(last) && (outlived || attached.ended.kind === 'signal')
  return judgeEnd(run, last, {
    stderr: stderrOf(run, attached),
    warnings: [...(isCut ? [CUT] : []), ...(attached.mayLackEnd ? [MAY_LACK_END] : [])],
  })
}

interface AttachedEnd {
  readonly ended: Ended
  /** The last 4096 characters of stderr, or fewer. */
  readonly said: string
  /** True if docker may have dropped the end of the output, because the log did not take it. */
  readonly mayLackEnd: boolean
}

/**
 * Starts the container, and reads both outputs into the log until the client ends. When the signal fires the container is stopped. Throws
 * `EngineLostError` if the engine does not answer any more.
 */
async function runAttached({ docker, container, log, signal }: BackupRun): Promise<AttachedEnd> {
  log.rememberStderr()
  const client = stream(docker, ['start', '--attach', container])
  client.stdin.end()
  const heartbeat = watchEngine(docker)
  const reading = readOutputs(client, log)
  const done = reading.ended.then(() => client.ended)
  const ended = await firstOf(done, FOR_EVER_MS, AbortSignal.any([signal, heartbeat.lost])).finally(heartbeat.stop)
  if (ended.kind === 'cancelled') {
    const isLost = heartbeat.lost.aborted && !signal.aborted
    if (!isLost) {
      await stop(docker, container)
      await firstOf(done, LAST_WORDS_MS)
    }
    reading.giveUp()
    client.kill()
    client.stdout.destroy()
    client.stderr.destroy()
    if (isLost) throw new EngineLostError(`${UNKNOWN_END}: the engine does not answer any more. ${SEE_ENGINE}`)
  }
  return { ended, said: reading.said(), mayLackEnd: reading.mayLackEnd() }
}

interface Reading {
  /** Resolves when both outputs are at their end. */
  readonly ended: Promise<unknown>
  /** Returns the end of stderr. */
  said(): string
  mayLackEnd(): boolean
  /** Makes the chunk that the log is taking the last one. */
  giveUp(): void
}

/** Passes both outputs of the client to the log. */
function readOutputs(client: Stream, log: InstanceLog): Reading {
  const clientWords = filterClientWords()
  const out = readAhead(client.stdout as AsyncIterable<Buffer>)
  const err = readAhead(client.stderr as AsyncIterable<Buffer>)
  let said = ''
  let isGivenUp = false
  const read = async (source: 'out' | 'err', from: AsyncIterable<Buffer>) => {
    let isWhole = true
    const pass = async (bytes: Buffer) => {
      if (bytes.length === 0) return
      if (source === 'err') said = `${said}${bytes.toString()}`.slice(-4096)
      isWhole = bytes.at(-1) === 0x0a
      await log.write(source, bytes)
    }
    for await (const chunk of from) {
      if (isGivenUp) return
      await pass(source === 'err' ? clientWords.take(chunk) : chunk)
      freeAtOnce(chunk)
    }
    if (source === 'err') await pass(clientWords.rest())
    if (!isWhole) await log.write(source, '\n') // a last line without an end belongs before what is said of it
  }
  return {
    ended: Promise.all([read('out', out.chunks), read('err', err.chunks)]),
    said: () => said,
    mayLackEnd: () => out.mayLackEnd() || err.mayLackEnd(),
    giveUp() {
      isGivenUp = true
    },
  }
}

function stderrOf({ docker }: BackupRun, { ended, said }: AttachedEnd): string {
  if (said !== '') return docker.redact(said)
  return ended.kind === 'signal' ? `the docker client was killed (${ended.signal})` : ''
}

async function judgeEnd(
  { work, docker, container, image, memory, entrypoint, user }: BackupRun,
  state: Container,
  { stderr, warnings }: { readonly stderr: string; readonly warnings: readonly string[] },
): Promise<BackupEnd> {
  const saysScript = !wasStarted(state) || stderr.includes(`/${work}.sh`)
  const asksForScript = entrypoint.length > 0 || [2, 126, 127].includes(state.exitCode) || saysScript
  const script = asksForScript ? await readScript(docker, container, work) : null
  const hasScript = script === null ? null : script.isThere
  const head = script?.head ?? null
  const error = backupFailure({ work, image, state, stderr, hasScript, head, entrypoint, memory, user })
  if (error !== null)
    return {
      kind: 'failed',
      exitCode: wasStarted(state) && state.status === 'exited' ? state.exitCode : null,
      error,
      warnings,
    }
  const withoutScript = `image ${image} has no /${work}.sh: its ENTRYPOINT ended well without one. See that it ${work === 'backup' ? 'backs anything up' : 'restores anything'}`
  return { kind: 'success', warnings: hasScript === false ? [...warnings, withoutScript] : warnings }
}

/**
 * Inspects the container, again and again while the engine is away: it may be restarting, and with live-restore the container goes on
 * without it. `null` if the container does not exist. Throws `EngineLostError` after `ENGINE_AWAY_MS`.
 */
async function inspectWithRetry({ docker, container, signal }: BackupRun): Promise<Container | null> {
  const ask = () => inspectContainer(docker, container, { deadlineMs: LOOK_AT_END_MS })
  try {
    return await retryWhileUnavailable(ENGINE_AWAY_MS, ask, signal)
  } catch (error) {
    if (!(error instanceof CommandError || error instanceof DockerUnavailableError)) throw error
    throw new EngineLostError(`${UNKNOWN_END}: ${error.message}. ${SEE_ENGINE}`, { cause: error })
  }
}

interface ContainerAtEnd {
  /** The container at its end; `null` if it was removed. */
  readonly container: Container | null
  /** True if the docker client that read its log died before the container ended. */
  readonly outlived: boolean
}

/** Asks until the container has ended, because its client may have died before it. If the signal fires, the container is stopped. */
async function waitForEnd(run: BackupRun): Promise<ContainerAtEnd> {
  let outlived = false
  const look = async (): Promise<ContainerAtEnd | null> => {
    const container = await inspectWithRetry(run)
    if (container === null || container.state === 'down') return { container, outlived }
    if (!outlived && !run.signal.aborted) {
      outlived = true
      await run.log.write(
        'marina',
        'the docker client that read this log died; the backup goes on, but its log is cut here',
      )
    }
    return null
  }
  const ended = await poll(look, { everyMs: END_POLL_MS, until: Number.POSITIVE_INFINITY, signal: run.signal })
  if (ended !== null) return ended
  await stop(run.docker, run.container)
  return { container: await inspectWithRetry(run), outlived }
}

/**
 * Inspects the container again while the engine may still have to report that memory ran out, for at most `OOM_LATE_MS`, and returns what
 * was seen last.
 */
async function untilOomIsKnown(run: BackupRun, first: Container | null): Promise<Container | null> {
  let last = first
  const isKnown = () => last === null || !oomMayBeUnreported(last, run.memory)
  if (isKnown()) return last
  const look = async () => {
    last = await inspectWithRetry(run)
    return isKnown() ? true : null
  }
  await poll(look, { everyMs: OOM_POLL_MS, until: Date.now() + OOM_LATE_MS, signal: run.signal })
  return last
}

/**
 * Tells whether the engine may still have to report that memory ran out: after a failure, and also after exit code 0 if there is a memory
 * limit, because a script can go on when the OOM killer has killed one of its child processes.
 */
function oomMayBeUnreported(state: Container, memory: string | null): boolean {
  return state.status === 'exited' && !state.oomKilled && (state.exitCode !== 0 || memory !== null)
}

async function stop(docker: Docker, container: string): Promise<void> {
  const stopped = await query(docker, ['stop', '--time', String(STOP_SECONDS), container], {
    deadlineMs: (STOP_SECONDS + 10) * 1000,
  })
  if (stopped.ended.kind !== 'exit') await query(docker, ['kill', container], { deadlineMs: 10_000 })
}

interface ScriptFacts {
  readonly isThere: boolean
  readonly head: ScriptHead | null
}

/**
 * Reads the script; `null` if docker does not say. It decides nothing: it makes an error sentence more precise, and gives a warning if
 * there is no script.
 */
function readScript(docker: Docker, container: string, work: ImageWork): Promise<ScriptFacts | null> {
  return look(docker, container, `/${work}.sh`, { keep: true }).then(
    (found) => ({ isThere: found !== null, head: found?.content ? readScriptHead(found.content) : null }),
    () => null,
  )
}

/**
 * Releases the memory of a chunk that is not needed any more. The garbage collector sees only the small object that stands for it, and
 * would let tens of megabytes pile up.
 */
function freeAtOnce(chunk: Buffer): void {
  const memory = chunk.buffer as ArrayBuffer & { transfer?: (bytes: number) => unknown } // Node 20 has no `transfer`
  if (memory.byteLength === chunk.length) memory.transfer?.(0) // where nothing else stands in it
}
