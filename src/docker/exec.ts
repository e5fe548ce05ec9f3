/**
 * Runs scripts inside running containers by `docker exec`. Success is judged by what our wrapper prints, never by the client or the engine.
 *
 * A signalled `docker exec` client ends with 0, and killing it leaves the tool running inside (both measured, CLI 28.2). So a wrapper runs
 * the script, prints a random word and the exit code on stderr, and prints the word again after the last byte of stdout. Where one of the
 * two words is missing, there is no success. The wrapper reads its stdin as a dead-man: when that ends, because our client or we died, it
 * ends the script and all its children. A script that has an `input` of its own has no dead-man: it ends when its stdin does.
 *
 * The engine can begin an exec long after its client was given up (seen under load). So the wrapper waits for our go, which is sent when it
 * says that it is ready, and never after the client was given up.
 *
 * The wrapper stays until we have read everything and closed its stdin, because the engine mistreats the output of a process that has ended
 * (all measured on 20.10; the code is the same up to 29):
 * - Two seconds after the end it drops what nobody has read yet: a dump lost its last 52 KiB behind a disk that stood still, exit code 0.
 * - While more than 1 MiB waits to be read, it reports no end in that container any more: execs, health checks and `docker stop` hang
 *   (moby/moby#53614, #41827). Somebody else's exec can cause that, too; ours do not wait for the engine's word.
 */

import { randomBytes } from 'node:crypto'
import type { Ended } from '../errors.ts'
import { lastWritten, withoutEnd } from '../format.ts'
import { GO, HEARTBEAT_S, readVerdict, untilWord, wrappedCommand } from './execWrapper.ts'
import { type Docker, firstOf, type Stream, stream } from './process.ts'

export interface ExecRequest {
  /** Full id of the container. A name is not safe: docker also takes it for the beginning of another container's id. */
  readonly container: string
  /** POSIX sh, ours: it stands in an argument list. What comes from users or is secret goes through `env` or `input`. */
  readonly script: string
  /** `$1`, `$2`, … of the script. */
  readonly args?: readonly string[]
  /** Variables inside the container. Their values travel in the client's environment. */
  readonly env?: Readonly<Record<string, string>>
  /**
   * Bytes for the script's stdin. Without it the script's stdin is empty and ours is the dead-man. With it, the script must end when its
   * stdin does.
   */
  readonly input?: AsyncIterable<Buffer>
  /** Deadline, ms. After it the script is ended inside the container; one with `input` gets the end of its stdin. */
  readonly deadlineMs: number
  /**
   * Makes the wrapper give signs of life. If none comes for 3 minutes (`SILENCE_MS`), the exec counts as ended, so that a hanging client
   * does not keep an application down until the deadline. Only for our own containers, since a `sleep` may outlive the script, and not with
   * `input`.
   */
  readonly heartbeat?: boolean
  /**
   * Ends processes that the script leaves behind in its session, if the container has `setsid`; not with `input`. Without it they live on:
   * a hook may start a server.
   */
  readonly endsRest?: boolean
  readonly signal?: AbortSignal
  /** Takes stdout as it comes; the next chunk is read when its promise resolves. Without it, stdout is kept, up to about 1 MiB. */
  readonly onStdout?: (chunk: Buffer) => void | Promise<void>
  /** Takes the lines of stderr as they come, without the wrapper's own. */
  readonly onStderr?: (line: string) => void | Promise<void>
}

export interface ExecResult {
  /**
   * The script's exit code. `null` if the wrapper did not report it, if the output was cut, or if the deadline, silence or the signal ended
   * it. `null` is never a success.
   */
  readonly code: number | null
  /** The way it ended: by the exit of the script or of the client, by the deadline or by silence (`timeout`), or by the signal (`cancelled`). */
  readonly ended: Ended
  /** True if it was ended because no sign of life came. */
  readonly silent: boolean
  /** About the first 1 MiB of stdout; with `onStdout` its first 8 KiB, where docker says why it could not start a process. */
  readonly stdout: string
  /** The last 8192 characters of stderr, without the wrapper's own lines. */
  readonly stderr: string
}

/** Bytes of stdout that are kept if the caller does not take it as it comes. */
const KEPT_STDOUT = 1 << 20
/** Bytes of the beginning of stdout that are kept if the caller takes it as it comes. */
const KEPT_FIRST = 8 << 10
/** Time without a sign of life after which an exec counts as ended, ms. */
const SILENCE_MS = 180_000
/** Time after the end of the wait in which the script must die and the client must end, ms. Then the client is killed. */
const GRACE_MS = 5_000

/**
 * Runs a script in a running container. Throws only if docker itself is missing, or if a callback or `input` throws; everything else is in
 * the result.
 */
export async function execTruthfully(docker: Docker, request: ExecRequest): Promise<ExecResult> {
  const word = `marina-${randomBytes(12).toString('hex')}`
  const client = stream(docker, execArgv(request, word), request.env)
  const stdout = keepStdout(request.onStdout)
  const toEnd = untilWord(word)
  const verdict = readVerdict(word, request.onStderr)
  let isAllTaken = false // the word may come in one chunk with bytes that the caller is still at
  const code = () => (isAllTaken ? verdict.code() : null)
  let tell: (ended: Ended) => void = () => {}
  const told = new Promise<Ended>((resolve) => {
    tell = resolve
  })
  const tellEnd = () => {
    const said = code()
    if (said !== null) tell({ kind: 'exit', code: said })
  }
  const silence = watchSilence(request.heartbeat ?? false)
  let start = () => {}
  const isReady = new Promise<void>((resolve) => {
    start = resolve
  })
  const all = passOn(client, request, {
    async out(chunk) {
      silence.heard()
      await stdout.take(toEnd.take(chunk))
      isAllTaken = toEnd.isReached()
      tellEnd()
    },
    async outEnds() {
      await stdout.take(toEnd.rest())
      client.stdin.end() // where the word never came, the wrapper is not to wait
    },
    async err(chunk) {
      silence.heard()
      await verdict.write(chunk)
      if (verdict.isReady()) start()
      tellEnd()
    },
    errEnds: verdict.end,
    isReady,
  })
  const signals = [silence.signal, ...(request.signal ? [request.signal] : [])]
  const how = await firstOf(Promise.race([all, told]), request.deadlineMs, AbortSignal.any(signals)).finally(
    silence.stop,
  )
  const isSilent = how.kind === 'cancelled' && silence.signal.aborted && !request.signal?.aborted
  const ended: Ended = isSilent ? { kind: 'timeout', afterMs: SILENCE_MS } : how
  await endClient(client, all)
  return {
    code: ended.kind === 'exit' ? code() : null,
    ended,
    silent: isSilent,
    stdout: stdout.text(),
    stderr: verdict.tail(),
  }
}

function execArgv(request: ExecRequest, word: string): readonly string[] {
  return [
    'exec',
    '-i',
    ...Object.keys(request.env ?? {}).flatMap((key) => ['-e', key]),
    request.container,
    ...wrappedCommand({
      word,
      script: request.script,
      args: request.args ?? [],
      hasInput: request.input !== undefined,
      heartbeat: request.heartbeat ?? false,
      endsRest: request.endsRest ?? false,
    }),
  ]
}

/** Keeps stdout for the result, up to a limit: `KEPT_STDOUT`, or `KEPT_FIRST` if the caller takes it as it comes. */
function keepStdout(onStdout: ExecRequest['onStdout']) {
  const most = onStdout ? KEPT_FIRST : KEPT_STDOUT
  const chunks: Buffer[] = []
  let kept = 0
  return {
    async take(chunk: Buffer) {
      if (chunk.length === 0) return
      if (kept < most) {
        chunks.push(onStdout ? chunk.subarray(0, most - kept) : chunk)
        kept += chunk.length
      }
      await onStdout?.(chunk)
    },
    text: () => Buffer.concat(chunks).toString(),
  }
}

/** Makes a signal that fires when `heard` was not called for `SILENCE_MS`. If `heartbeat` is false, it never fires. */
function watchSilence(heartbeat: boolean) {
  const silence = new AbortController()
  let heardAt = Date.now()
  const listening = setInterval(() => {
    if (heartbeat && Date.now() - heardAt > SILENCE_MS) silence.abort()
  }, HEARTBEAT_S * 1000)
  return {
    signal: silence.signal,
    heard() {
      heardAt = Date.now()
    },
    stop: () => clearInterval(listening),
  }
}

interface ExecReaders {
  readonly out: (chunk: Buffer) => Promise<void>
  readonly outEnds: () => Promise<void>
  readonly err: (chunk: Buffer) => Promise<void>
  readonly errEnds: () => Promise<void>
  /** Resolves when the wrapper waits for the go. */
  readonly isReady: Promise<void>
}

/**
 * Passes bytes both ways until everything is read and the client has ended. If a callback throws (a full disk under the log), the client is
 * ended and the error is thrown on.
 */
function passOn(client: Stream, request: ExecRequest, readers: ExecReaders): Promise<Ended> {
  const guard = (work: Promise<void>) =>
    work.catch((error: unknown) => {
      client.stdin.destroy()
      client.kill()
      throw error
    })
  const readOut = async () => {
    for await (const chunk of client.stdout as AsyncIterable<Buffer>) await readers.out(chunk)
    await readers.outEnds()
  }
  const readErr = async () => {
    for await (const chunk of client.stderr as AsyncIterable<Buffer>) await readers.err(chunk)
    await readers.errEnds()
  }
  // a client that has ended takes no more input: the rest of the source is not waited for
  const fed = Promise.race([guard(readers.isReady.then(() => feed(client.stdin, request.input))), client.ended])
  return Promise.all([guard(readOut()), guard(readErr()), fed]).then(() => client.ended)
}

/** Sends the go, and then the input. A client that was given up gets neither: its stdin is destroyed. */
async function feed(stdin: Stream['stdin'], input: ExecRequest['input']): Promise<void> {
  if (!stdin.writable) return
  stdin.write(GO)
  if (input === undefined) return
  for await (const chunk of input) {
    if (!stdin.writable) return
    if (!stdin.write(chunk)) await drained(stdin)
  }
  stdin.end()
}

/**
 * Closes stdin, which ends the wrapper and the script (with `input`: if it ends with its stdin). If the client does not end within
 * `GRACE_MS`, it is killed.
 */
async function endClient(client: Stream, all: Promise<Ended>): Promise<void> {
  client.stdin.destroy()
  const late = await firstOf(all, GRACE_MS)
  if (late.kind !== 'timeout') return
  client.kill()
  client.stdout.destroy()
  client.stderr.destroy()
}

function drained(stdin: Stream['stdin']): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stdin.removeListener('drain', done)
      stdin.removeListener('close', done)
      resolve()
    }
    stdin.once('drain', done)
    stdin.once('close', done)
  })
}

/**
 * Returns what `execReason` returns, for an exec in a container of others. The text still holds the container's words; `docker.quotes` notes
 * them, so that a page for strangers hides them.
 */
export function foreignReason(docker: Docker, result: ExecResult): string {
  const reason = execReason(result)
  const bare = execReason(result, '')
  docker.quotes?.(reason, reason === bare ? reason : `${bare} (its words are in the log)`)
  return reason
}

/** Says why an exec failed, as a part of a sentence: how it ended, with `words`, by default the last three lines of its stderr. */
export function execReason(result: ExecResult, words = lastWordsOf(result)): string {
  if (result.silent) return `docker gave no sign of life of it for ${SILENCE_MS / 1000} s, and it was ended`
  if (result.ended.kind === 'timeout')
    return `it was ended after ${Math.round(result.ended.afterMs / 1000)} s${words === '' ? '' : `: ${words}`}`
  if (result.ended.kind === 'cancelled') return 'cancelled'
  if (result.code === null) {
    if (lacksShell(result)) return 'the container has no shell (sh)'
    return `it was cut off before it could say how it ended${words === '' ? '' : `: ${words}`}`
  }
  return words === '' ? `exit code ${result.code}` : `exit code ${result.code}: ${words}`
}

function lastWordsOf({ stderr }: ExecResult): string {
  return withoutEnd(stderr.trim().split('\n').slice(-3).map(lastWritten).join(' '))
}

/** Tells whether docker could not start the wrapper because the container has no `sh`. */
export function lacksShell(result: ExecResult): boolean {
  return result.code === null && /exec: "sh"|exec \S*\/sh: no such file/.test(result.stderr + result.stdout)
}
