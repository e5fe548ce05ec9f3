/** The backup container's own time: started attached, its log read, waited for under the deadline, judged by what the engine says of it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { inspectContainer } from '../docker/containers.ts'
import { look } from '../docker/copyFiles.ts'
import type { Container } from '../docker/parseContainer.ts'
import { type Docker, firstOf, query, stream } from '../docker/process.ts'
import { retryWhileUnavailable } from '../docker/retry.ts'
import type { InstanceLog } from '../log/instanceLog.ts'
import { backupFailure } from './result.ts'

export interface BackupRun {
  readonly docker: Docker
  readonly container: string
  readonly image: string
  readonly memory: string | null
  /** The image, or the configuration, has one; without it `/backup.sh` itself is what runs. */
  readonly hasEntrypoint: boolean
  readonly log: InstanceLog
  /** Fires when the run is cancelled, its deadline passes, or its claim is lost: the container is stopped. */
  readonly signal: AbortSignal
}

export interface BackupEnd {
  readonly exitCode: number | null
  /** One sentence, or `null` for a success. Says nothing of a stop by `signal`: whoever fired it knows why. */
  readonly failure: string | null
  /** The image ended well, and has no `/backup.sh`: whatever it did was its ENTRYPOINT's doing. */
  readonly withoutScript: boolean
  /** The client that read its log died before it: lines may be missing. Says nothing of the backup. */
  readonly logIsCut: boolean
}

/** What a container has for its own end when it is stopped, s. GitHub kills us 10 s after the first word of a cancel. */
const STOP_SECONDS = 3
/** How long an engine that does not answer may be away before its container is given up, ms: with what follows, the job ends within a minute. */
const ENGINE_AWAY_MS = 45_000
/** How long after an end the engine may still say that memory ran out: the two come to it by different ways (measured on 26.1). */
const OOM_LATE_MS = 1_000
const OOM_POLL_MS = 200
const FOR_EVER_MS = 2 ** 31 - 1

/** Starts the container and returns when it has ended. */
export async function runBackup(run: BackupRun): Promise<BackupEnd> {
  const { docker, container, log, signal } = run
  const client = stream(docker, ['start', '--attach', container])
  client.stdin.end()
  let said = ''
  const read = async (source: 'out' | 'err', from: AsyncIterable<Buffer>) => {
    let isWhole = true
    for await (const chunk of from) {
      if (source === 'err') said = `${said}${chunk.toString()}`.slice(-4096)
      isWhole = chunk.at(-1) === 0x0a
      await log.write(source, chunk)
    }
    if (!isWhole) await log.write(source, '\n') // a last line without an end belongs before what is said of it
  }
  const reading = Promise.all([
    read('out', client.stdout as AsyncIterable<Buffer>),
    read('err', client.stderr as AsyncIterable<Buffer>),
  ])
  const ended = await firstOf(
    reading.then(() => client.ended),
    FOR_EVER_MS,
    signal,
  )
  if (ended.kind === 'cancelled') {
    await stop(docker, container)
    // what it said while it was stopped still belongs in its log
    await firstOf(
      reading.then(() => client.ended),
      5_000,
    )
    client.kill()
    client.stdout.destroy()
    client.stderr.destroy()
  }
  const { seen: first, outlived } = await waitForEnd(run)
  const seen = await untilOomIsKnown(run, first)
  if (seen === null || seen.status === 'removing')
    return {
      exitCode: null,
      failure: 'the backup container was removed by someone else while it ran',
      withoutScript: false,
      logIsCut: false,
    }
  const asked = [2, 126, 127].includes(seen.exitCode) || (run.hasEntrypoint && seen.exitCode === 0)
  const hasScript = asked ? await scriptIsThere(docker, container) : null
  const started = !seen.startedAt.startsWith('0001-')
  return {
    logIsCut: started && (outlived || ended.kind === 'signal'),
    exitCode: started && seen.status === 'exited' ? seen.exitCode : null,
    failure: backupFailure({
      image: run.image,
      state: seen,
      stderr: docker.redact(said) || (ended.kind === 'signal' ? `the docker client was killed (${ended.signal})` : ''),
      hasScript,
      memory: run.memory,
    }),
    withoutScript: seen.exitCode === 0 && hasScript === false,
  }
}

/** An engine that is restarted is away for a moment; with live-restore the container goes on without it. */
function inspectPatiently({ docker, container, signal }: BackupRun): Promise<Container | null> {
  return retryWhileUnavailable(ENGINE_AWAY_MS, () => inspectContainer(docker, container), signal)
}

/** Asks until the container has ended: its client may have died before it, which it then has outlived. */
async function waitForEnd(run: BackupRun): Promise<{ seen: Container | null; outlived: boolean }> {
  let outlived = false
  for (;;) {
    const seen = await inspectPatiently(run)
    if (seen === null || seen.state === 'down') return { seen, outlived }
    if (run.signal.aborted) {
      await stop(run.docker, run.container)
      return { seen: await inspectContainer(run.docker, run.container), outlived }
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
  let seen = first
  const end = Date.now() + OOM_LATE_MS
  while (seen !== null && mayLackWord(seen, run.memory) && Date.now() < end && !run.signal.aborted) {
    await sleep(OOM_POLL_MS, undefined, { signal: run.signal }).catch(() => {})
    seen = await inspectPatiently(run)
  }
  return seen
}

/** A script may well end with 0 though memory ran out under one of its programs. */
function mayLackWord(container: Container, memory: string | null): boolean {
  return container.status === 'exited' && !container.oomKilled && (container.exitCode !== 0 || memory !== null)
}

async function stop(docker: Docker, container: string): Promise<void> {
  const stopped = await query(docker, ['stop', '--time', String(STOP_SECONDS), container], {
    deadlineMs: (STOP_SECONDS + 10) * 1000,
  })
  if (stopped.ended.kind !== 'exit') await query(docker, ['kill', container], { deadlineMs: 10_000 })
}

async function scriptIsThere(docker: Docker, container: string): Promise<boolean | null> {
  try {
    return (await look(docker, container, '/backup.sh')) !== null
  } catch {
    return null // it only sharpens a sentence
  }
}
