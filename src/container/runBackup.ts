/** Runs the backup container: starts it attached, reads its log, waits for its end, and judges by what the engine says of it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { inspectContainer } from '../docker/containers.ts'
import { look } from '../docker/copyFiles.ts'
import type { Container } from '../docker/parseContainer.ts'
import { type Docker, firstOf, query, stream } from '../docker/process.ts'
import { retryWhileUnavailable } from '../docker/retry.ts'
import { CommandError, DockerUnavailableError, type Ended, InstanceError } from '../errors.ts'
import type { InstanceLog } from '../log/instanceLog.ts'
import { backupFailure, wasStarted } from './backupVerdict.ts'

export interface BackupRun {
  readonly docker: Docker
  readonly container: string
  readonly image: string
  readonly memory: string | null
  /** The ENTRYPOINT that is used, of the image or the configuration. Empty: `/backup.sh` itself is started. */
  readonly entrypoint: readonly string[]
  readonly log: InstanceLog
  /** Fires when the run is cancelled, its deadline passes, or its claim is lost: the container is stopped. */
  readonly signal: AbortSignal
}

/** How the backup container ended. One that was stopped because `signal` fired has failed, too: the caller knows why. */
export type BackupEnd = { readonly warnings: readonly string[] } & (
  | { readonly kind: 'success' }
  /** `exitCode` is `null` where it did not run to an end; `error` is one sentence. */
  | { readonly kind: 'failed'; readonly exitCode: number | null; readonly error: string }
)

/** The container's time between SIGTERM and SIGKILL, s. GitHub kills us 10 s after a cancel. */
const STOP_SECONDS = 3
/** How long an engine that does not answer may be away before its container is given up, ms: the job ends within a minute of its death. */
const ENGINE_AWAY_MS = 40_000
/** Deadline of one inspect, ms: an engine that hangs must not use up all of the above at once. */
const LOOK_AT_END_MS = 15_000
/** How long after a container's end the engine may still learn that memory ran out, ms: the two come to it separately (measured on 26.1). */
const OOM_LATE_MS = 1_000
const OOM_POLL_MS = 200
/** How long the rest of the log of a stopped container is waited for, ms. */
const LAST_WORDS_MS = 5_000
const FOR_EVER_MS = 2 ** 31 - 1

/** Starts the container and returns when it has ended. Throws `InstanceError` where the engine is away for too long to say how. */
export async function runBackup(run: BackupRun): Promise<BackupEnd> {
  const attached = await runAttached(run)
  const { container, outlived } = await waitForEnd(run)
  const last = await untilOomIsKnown(run, container)
  if (last === null || last.status === 'removing')
    return {
      kind: 'failed',
      exitCode: null,
      error: 'the backup container was removed by someone else while it ran',
      warnings: [],
    }
  const logIsCut = wasStarted(last) && (outlived || attached.ended.kind === 'signal')
  return judgeEnd(run, last, {
    stderr: stderrOf(run, attached),
    warnings: logIsCut ? ['lines may be missing from its log: the docker client that read it died'] : [],
  })
}

interface AttachedEnd {
  readonly ended: Ended
  /** The end of stderr. */
  readonly said: string
}

/** Reads both outputs into the log until the client ends. When the signal fires the container is stopped. */
async function runAttached({ docker, container, log, signal }: BackupRun): Promise<AttachedEnd> {
  const client = stream(docker, ['start', '--attach', container])
  client.stdin.end()
  let said = ''
  const read = async (source: 'out' | 'err', from: AsyncIterable<Buffer>) => {
    let isWhole = true
    for await (const chunk of from) {
      if (source === 'err') said = `${said}${chunk.toString()}`.slice(-4096)
      isWhole = chunk.at(-1) === 0x0a
      await log.write(source, chunk)
      freeAtOnce(chunk)
    }
    if (!isWhole) await log.write(source, '\n') // a last line without an end belongs before what is said of it
  }
  const reading = Promise.all([
    read('out', client.stdout as AsyncIterable<Buffer>),
    read('err', client.stderr as AsyncIterable<Buffer>),
  ])
  const done = reading.then(() => client.ended)
  const ended = await firstOf(done, FOR_EVER_MS, signal)
  if (ended.kind === 'cancelled') {
    await stop(docker, container)
    await firstOf(done, LAST_WORDS_MS)
    client.kill()
    client.stdout.destroy()
    client.stderr.destroy()
  }
  return { ended, said }
}

function stderrOf({ docker }: BackupRun, { ended, said }: AttachedEnd): string {
  if (said !== '') return docker.redact(said)
  return ended.kind === 'signal' ? `the docker client was killed (${ended.signal})` : ''
}

async function judgeEnd(
  { docker, container, image, memory, entrypoint }: BackupRun,
  state: Container,
  { stderr, warnings }: { readonly stderr: string; readonly warnings: readonly string[] },
): Promise<BackupEnd> {
  const asksForScript = entrypoint.length > 0 || [2, 126, 127].includes(state.exitCode)
  const hasScript = asksForScript ? await scriptIsThere(docker, container) : null
  const error = backupFailure({ image, state, stderr, hasScript, entrypoint, memory })
  if (error !== null)
    return {
      kind: 'failed',
      exitCode: wasStarted(state) && state.status === 'exited' ? state.exitCode : null,
      error,
      warnings,
    }
  const withoutScript = `image ${image} has no /backup.sh: its ENTRYPOINT ended well without one. See that it backs anything up`
  return { kind: 'success', warnings: hasScript === false ? [...warnings, withoutScript] : warnings }
}

/** Asks again while the engine is away: it may be restarted, and with live-restore the container goes on without it. */
async function inspectWithRetry({ docker, container, signal }: BackupRun): Promise<Container | null> {
  const ask = () => inspectContainer(docker, container, { deadlineMs: LOOK_AT_END_MS })
  try {
    return await retryWhileUnavailable(ENGINE_AWAY_MS, ask, signal)
  } catch (error) {
    if (!(error instanceof CommandError || error instanceof DockerUnavailableError)) throw error
    throw new InstanceError(
      `nobody can say how the backup ended: ${error.message}. See that the engine runs; the next run on this host cleans up`,
      { cause: error },
    )
  }
}

interface ContainerAtEnd {
  /** `null` where it was removed. */
  readonly container: Container | null
  /** The client that read its log died before it. */
  readonly outlived: boolean
}

/** Asks until the container has ended: its client may have died before it. */
async function waitForEnd(run: BackupRun): Promise<ContainerAtEnd> {
  let outlived = false
  for (;;) {
    const container = await inspectWithRetry(run)
    if (container === null || container.state === 'down') return { container, outlived }
    if (run.signal.aborted) {
      await stop(run.docker, run.container)
      return { container: await inspectWithRetry(run), outlived }
    }
    if (!outlived) {
      outlived = true
      await run.log.write(
        'marina',
        'the docker client that read this log died; the backup goes on, but its log is cut here',
      )
    }
    await sleep(1_000, undefined, { signal: run.signal }).catch(() => {})
  }
}

/** Where memory may have run out, waits until the engine says so, or would have. */
async function untilOomIsKnown(run: BackupRun, first: Container | null): Promise<Container | null> {
  let last = first
  const end = Date.now() + OOM_LATE_MS
  while (last !== null && oomMayBeUnreported(last, run.memory) && Date.now() < end && !run.signal.aborted) {
    await sleep(OOM_POLL_MS, undefined, { signal: run.signal }).catch(() => {})
    last = await inspectWithRetry(run)
  }
  return last
}

/** The script can exit 0 although one of its child processes was killed by the OOM killer. */
function oomMayBeUnreported(state: Container, memory: string | null): boolean {
  return state.status === 'exited' && !state.oomKilled && (state.exitCode !== 0 || memory !== null)
}

async function stop(docker: Docker, container: string): Promise<void> {
  const stopped = await query(docker, ['stop', '--time', String(STOP_SECONDS), container], {
    deadlineMs: (STOP_SECONDS + 10) * 1000,
  })
  if (stopped.ended.kind !== 'exit') await query(docker, ['kill', container], { deadlineMs: 10_000 })
}

/** Looks for `/backup.sh`; `null` if docker does not say. It only makes a sentence more precise. */
function scriptIsThere(docker: Docker, container: string): Promise<boolean | null> {
  return look(docker, container, '/backup.sh').then(
    (found) => found !== null,
    () => null,
  )
}

/** Frees the memory of a chunk that is done with: the collector sees only its small part of it, and would let tens of megabytes wait. */
function freeAtOnce(chunk: Buffer): void {
  const memory = chunk.buffer as ArrayBuffer & { transfer?: (bytes: number) => unknown } // Node 20 has no `transfer`
  if (memory.byteLength === chunk.length) memory.transfer?.(0) // where nothing else stands in it
}
