/**
 * `preHook` and `postHook`: a line of the user's shell in a container of the target.
 *
 * Which container: for a database its own; for a volume the first attached running one, as Marina takes it: of the containers
 * that have the volume mounted by its name (`--volumes-from` too; read-only too; a bind of its path is not attached) and are
 * running, neither paused nor restarting, the one that was created last. Never one of ours, nor the runner's own.
 * A `postHook` runs in the container of its `preHook`, by id.
 *
 * How: by the container's own `sh` as its own user, as a login shell (Marina's `sh -lc`), so that /etc/profile is read; the PATH of
 * the image, which a profile may throw away, stands behind the profile's.
 * The text travels in the client's environment and never stands in an argument list, here or in the container.
 */
import { randomBytes } from 'node:crypto'
import { StringDecoder } from 'node:string_decoder'
import { execTruthfully, foreignReason, lacksShell } from '../docker/exec.ts'
import type { Container } from '../docker/parseContainer.ts'
import type { Docker } from '../docker/process.ts'

/** Deadline of one hook, ms. A hook may make a dump of its own, so the limit is wide: it is meant for hooks that hang. */
export const HOOK_DEADLINE_MS = 60 * 60_000
const CLEANUP_DEADLINE_MS = 20_000
const LONGEST_LINE = 64 << 10

export type HookKind = 'preHook' | 'postHook'

export interface HookRequest {
  readonly kind: HookKind
  /** Id of the container. */
  readonly container: string
  /** Name of the container, for messages. */
  readonly name: string
  /** The user's shell text. */
  readonly text: string
  /** Deadline from the start of the hook, ms: `HOOK_DEADLINE_MS`, or less if less is left of the instance's time. */
  readonly deadlineMs: number
  readonly signal?: AbortSignal
  /** Receives each line of the hook's output as it comes. */
  readonly onLine: (stream: 'stdout' | 'stderr', line: string) => void | Promise<void>
}

export type HookResult =
  | { readonly kind: 'done' }
  /** `left` says in one sentence that processes of the hook may still run; `null` if none does. */
  | { readonly kind: 'cancelled'; readonly left: string | null }
  /** `error` is one sentence: what failed and, if that can be known, what to do. */
  | { readonly kind: 'failed'; readonly error: string }

/**
 * Chooses the container in which a hook of a volume runs; `null` if no running container of others has the volume mounted. `self` are ids
 * of the runner's own containers. The rule is in the comment at the top of this file.
 */
export function hookContainer(
  volume: string,
  containers: readonly Container[],
  self: readonly string[],
): Container | null {
  const attached = containers
    .filter((c) => c.state === 'running' && !c.ours && !self.includes(c.id))
    .filter((c) => c.mounts.some((mount) => mount.type === 'volume' && mount.name === volume))
  return attached.toSorted((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt))[0] ?? null
}

/** Script that runs the hook's text by `eval`. The line break before the text keeps one that begins with a dash from being read as an option. */
const RUN_HOOK = `
MARINA_PATH=$PATH; export MARINA_PATH
exec sh -lc 'hook=$MARINA_HOOK PATH=$PATH:$MARINA_PATH; unset MARINA_HOOK MARINA_PATH
eval "
$hook"'`

/**
 * Script that kills every process whose environment has the mark `$1`, in up to five rounds, and succeeds if none is left. Such processes
 * are children of the hook that survived through `setsid` or `nohup`, or because the container has no `setsid`.
 */
const END_MARKED = `
marked() {
  for p in /proc/[0-9]*; do
    if tr '\\0' '\\n' <"$p/environ" 2>/dev/null | grep -qxF "MARINA_HOOK_RUN=$1"; then echo "\${p#/proc/}"; fi
  done
}
n=0
while [ $n -lt 5 ]; do
  pids=$(marked "$1"); [ -z "$pids" ] && break
  kill -KILL $pids; n=$((n+1))
done
left=$(marked "$1"); [ -z "$left" ]`

/**
 * Runs a hook to its end. Only exit code 0 is success (`done`), as `execTruthfully` reports it. After its deadline, or when the signal
 * fires, all processes of the hook in the container are killed. If some may be left, the result says so.
 */
export async function runHook(docker: Docker, request: HookRequest): Promise<HookResult> {
  const mark = randomBytes(12).toString('hex')
  const out = lineSplitter((line) => request.onLine('stdout', line))
  const result = await execTruthfully(docker, {
    container: request.container,
    script: RUN_HOOK,
    env: { MARINA_HOOK: request.text, MARINA_HOOK_RUN: mark },
    deadlineMs: request.deadlineMs,
    ...(request.signal ? { signal: request.signal } : {}),
    onStdout: out.write,
    onStderr: (line) => request.onLine('stderr', line),
  })
  await out.end()
  if (result.code === 0) return { kind: 'done' }
  const who = `${request.kind} in container "${request.name}"`
  if (lacksShell(result))
    return failed(
      `${who} cannot run: the container has no shell (sh). Leave the hook out, or run it in an image that has one`,
    )
  const reason = foreignReason(docker, result)
  if (result.code !== null) return failed(`${who} failed: ${reason}`)
  const left = await endMarked(docker, request.container, mark)
  if (result.ended.kind === 'cancelled')
    return { kind: 'cancelled', left: left === null ? null : `${who} was cancelled, but ${left}` }
  return failed(`${who} failed: ${reason}${left === null ? '' : `; ${left}`}`)
}

/** Kills what is left of a hook. Returns in words that processes of it may still run; `null` if none does. */
async function endMarked(docker: Docker, container: string, mark: string): Promise<string | null> {
  const ended = await execTruthfully(docker, {
    container,
    script: END_MARKED,
    args: [mark],
    deadlineMs: CLEANUP_DEADLINE_MS,
  })
  // a container that ended has no process left
  if (ended.code === 0 || /is not running|no such container/i.test(ended.stderr)) return null
  return `processes of it may still run in the container (${foreignReason(docker, ended)}): see docker top, and end them`
}

function failed(error: string): HookResult {
  return { kind: 'failed', error }
}

function lineSplitter(onLine: (line: string) => void | Promise<void>) {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  return {
    async write(chunk: Buffer) {
      rest += decoder.write(chunk)
      const lines = rest.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) await onLine(line)
      if (rest.length < LONGEST_LINE) return
      await onLine(rest)
      rest = ''
    },
    async end() {
      rest += decoder.end()
      if (rest !== '') await onLine(rest)
      rest = ''
    },
  }
}
