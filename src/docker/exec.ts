/**
 * Truth about what ran inside a container: `docker exec`, judged by a line that our wrapper prints, never by the client's exit code.
 *
 * A signalled `docker exec` client ends with 0, and killing it leaves the tool running inside (both measured, CLI 28.2). So a
 * wrapper runs the script, prints a random word and the exit code on stderr, and reads its stdin as a dead-man: when that ends,
 * because our client or we died, it ends the script and all its children. No line, no success.
 */
import { randomBytes } from 'node:crypto'
import { StringDecoder } from 'node:string_decoder'
import type { Ended } from '../errors.ts'
import { type Docker, firstOf, stream } from './process.ts'

export interface ExecRequest {
  /** Container id or name. */
  readonly container: string
  /** POSIX sh, ours: it stands in an argument list. What comes from users or is secret goes through `env` or `input`. */
  readonly script: string
  /** `$1`, `$2`, … of the script. */
  readonly args?: readonly string[]
  /** Set inside the container; values travel in the client's environment. */
  readonly env?: Readonly<Record<string, string>>
  /** `uid:gid` or a name inside the container; the container's own where left out. */
  readonly user?: string
  /** Bytes for the script's stdin. Without it the script's stdin is empty and ours is the dead-man. With it, the script must end when its stdin does. */
  readonly input?: AsyncIterable<Buffer>
  /** Milliseconds. Past it the script is ended inside the container. */
  readonly deadlineMs: number
  /**
   * The wrapper gives a sign of life now and then, and one that gives none counts as ended: a client that hangs must not keep an
   * application down until the deadline. In our own containers only (a `sleep` may outlive the script), and not with `input`.
   */
  readonly heartbeat?: boolean
  readonly signal?: AbortSignal
  /** Takes stdout as it comes; awaiting it is the back-pressure. Without it stdout is kept, up to 1 MiB. */
  readonly onStdout?: (chunk: Buffer) => void | Promise<void>
  /** Takes the lines of stderr as they come, without the verdict. */
  readonly onStderr?: (line: string) => void | Promise<void>
}

export interface ExecResult {
  /** The script's exit code; `null` where nobody said it: never a success. */
  readonly code: number | null
  /** How our side ended: `exit` of the client, the deadline, or the signal. */
  readonly ended: Ended
  /** No sign of life came, and so it was ended. */
  readonly silent: boolean
  /** Up to 1 MiB; with `onStdout` the first 8 KiB, where docker says why it could not start a process. */
  readonly stdout: string
  /** The last 8 KiB, without the verdict. */
  readonly stderr: string
}

/** The script is a session of its own where `setsid` is there, so that its children die with it. `read` is a builtin: no stray process stays behind. */
const DEAD_MAN = `
word=$1 script=$2 beat=$3; shift 3
exec 3<&0
if command -v setsid >/dev/null 2>&1; then setsid sh -c "$script" marina "$@" </dev/null 3<&- & group=-
else sh -c "$script" marina "$@" </dev/null 3<&- & group=
fi
pid=$!
( while read -r _ <&3; do :; done
  kill -TERM "$group$pid"; n=0
  while kill -0 "$group$pid" && [ $n -lt 20 ]; do sleep 0.1; n=$((n+1)); done
  kill -KILL "$group$pid" ) >/dev/null 2>&1 &
watch=$!
exec 3<&-
pulse=
if [ "$beat" != 0 ]; then
  ( while sleep "$beat" >/dev/null 2>&1; do printf '\\n%s alive\\n' "$word" >&2; done ) </dev/null & pulse=$!
fi
wait $pid; code=$?
kill -KILL $watch $pulse 2>/dev/null; wait $watch $pulse 2>/dev/null
printf '\\n%s %s\\n' "$word" "$code" >&2
exit $code`

const WITH_INPUT = `
word=$1 script=$2; shift 2
sh -c "$script" marina "$@"; code=$?
printf '\\n%s %s\\n' "$word" "$code" >&2
exit $code`

const KEPT_STDOUT = 1 << 20
const KEPT_STDERR = 8 << 10
/** Between two signs of life, s, and how long none is waited for, ms. */
const HEARTBEAT_S = 20
const SILENCE_MS = 180_000
/** How long an ended script has to die before its client is killed, ms. */
const GRACE_MS = 5_000

/** Runs a script in a running container. Throws only where docker itself is not there; everything else is in the result. */
export async function execTruthfully(docker: Docker, request: ExecRequest): Promise<ExecResult> {
  const word = `marina-${randomBytes(12).toString('hex')}`
  const env = request.env ?? {}
  const client = stream(
    docker,
    [
      'exec',
      '-i',
      ...(request.user === undefined ? [] : ['-u', request.user]),
      ...Object.keys(env).flatMap((key) => ['-e', key]),
      request.container,
      'sh',
      '-c',
      request.input === undefined ? DEAD_MAN : WITH_INPUT,
      'marina',
      word,
      request.script,
      ...(request.input === undefined ? [String(request.heartbeat ? HEARTBEAT_S : 0)] : []),
      ...(request.args ?? []),
    ],
    env,
  )
  let kept = 0
  let first = Buffer.alloc(0)
  const stdout: Buffer[] = []
  let heardAt = Date.now()
  const readOut = async () => {
    for await (const chunk of client.stdout as AsyncIterable<Buffer>) {
      heardAt = Date.now()
      first = first.length < KEPT_STDERR ? Buffer.concat([first, chunk.subarray(0, KEPT_STDERR)]) : first
      if (request.onStdout) await request.onStdout(chunk)
      else if (kept < KEPT_STDOUT) {
        stdout.push(chunk)
        kept += chunk.length
      }
    }
  }
  const verdict = verdictReader(word, request.onStderr)
  const readErr = async () => {
    for await (const chunk of client.stderr as AsyncIterable<Buffer>) {
      heardAt = Date.now()
      await verdict.write(chunk)
    }
    await verdict.end()
  }
  const feed = async () => {
    if (request.input === undefined) return
    for await (const chunk of request.input) {
      if (!client.stdin.writable) return
      if (!client.stdin.write(chunk)) await drained(client.stdin)
    }
    client.stdin.end()
  }
  // one of ours that throws (a full disk under the log, a source that broke) ends the client and is thrown on
  const guard = (work: Promise<void>) =>
    work.catch((error: unknown) => {
      client.stdin.destroy()
      client.kill()
      throw error
    })
  // a client that ended takes no more input: nobody waits for the rest of the source
  const fed = Promise.race([guard(feed()), client.ended])
  const all = Promise.all([guard(readOut()), guard(readErr()), fed]).then(() => client.ended)
  const silence = new AbortController()
  const listening = setInterval(() => {
    if (request.heartbeat && Date.now() - heardAt > SILENCE_MS) silence.abort()
  }, HEARTBEAT_S * 1000)
  const how = await firstOf(
    all,
    request.deadlineMs,
    request.signal ? AbortSignal.any([request.signal, silence.signal]) : silence.signal,
  )
  clearInterval(listening)
  const isSilent = silence.signal.aborted && how.kind === 'cancelled' && !request.signal?.aborted
  const ended: Ended = isSilent ? { kind: 'timeout', afterMs: SILENCE_MS } : how
  if (ended.kind === 'timeout' || ended.kind === 'cancelled') {
    client.stdin.destroy()
    const late = await firstOf(all, GRACE_MS)
    if (late.kind === 'timeout') {
      client.kill()
      client.stdout.destroy()
      client.stderr.destroy()
    }
  } else {
    client.stdin.destroy()
  }
  return {
    code: ended.kind === 'exit' ? verdict.code() : null,
    ended,
    silent: isSilent,
    stdout: (request.onStdout ? first : Buffer.concat(stdout)).toString(),
    stderr: verdict.tail(),
  }
}

/** What to say of an exec that was not a success: its own last words, or how it ended. */
export function execReason(result: ExecResult): string {
  const words = result.stderr.trim().split('\n').slice(-3).join(' ').trim()
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

/** Whether docker could not start our wrapper, because the container has no `sh`. */
export function lacksShell(result: ExecResult): boolean {
  return result.code === null && /exec: "sh"|exec failed.*(not found|no such file)/.test(result.stderr + result.stdout)
}

function drained(stdin: NodeJS.WritableStream): Promise<void> {
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

/** Splits stderr into lines, keeps the tail, and takes the verdict out. The wrapper prints `\n` first, so that the word begins a line whatever stood before. */
function verdictReader(word: string, onLine?: (line: string) => void | Promise<void>) {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  let held = false // an empty line that may belong to the verdict
  let tail = ''
  let code: number | null = null
  const emit = async (line: string) => {
    tail = `${tail}${line}\n`.slice(-KEPT_STDERR)
    await onLine?.(line)
  }
  const take = async (line: string) => {
    if (line === `${word} alive`) {
      held = false
      return
    }
    if (line.startsWith(`${word} `)) {
      code = Number(line.slice(word.length + 1))
      held = false
      return
    }
    if (held) await emit('')
    held = line === ''
    if (!held) await emit(line)
  }
  return {
    async write(chunk: Buffer) {
      rest += decoder.write(chunk)
      const lines = rest.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) await take(line.replace(/\r$/, ''))
      if (rest.length > 65_536) {
        await take(rest)
        rest = ''
      }
    },
    async end() {
      rest += decoder.end()
      if (rest !== '') await take(rest)
      rest = ''
    },
    code: () => (code === null || Number.isNaN(code) ? null : code),
    tail: () => tail,
  }
}
