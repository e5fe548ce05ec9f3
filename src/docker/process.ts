/**
 * Starts the docker client; no other module starts a process. There are two ways to call it:
 * - a *query* for everything whose output is small (create, inspect, stop, rm), judged by its exit code;
 * - a *stream* for everything that needs back-pressure, stdin or an end of its own: the attached log, execs (dumps, long listings), the
 *   lease.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { type FileHandle, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { exec } from '@actions/exec'
import { DockerUnavailableError, type Ended, InstanceError } from '../errors.ts'
import { commandError, type QueryOutput, succeeded, UNNAMED_SIGNAL } from './callResult.ts'
import { withoutMountOptions } from './mountOptions.ts'
import { endGroup } from './runningClients.ts'

/** The way docker is called: the environment of its client (`DOCKER_HOST`, `DOCKER_CONTEXT`, `PATH`, …), and what must not be shown. */
export interface Docker {
  readonly env: Readonly<Record<string, string>>
  /** Removes secrets from a text before it becomes part of an error. */
  readonly redact: (text: string) => string
  /** Notes that a part of a sentence quotes what somebody's container printed, and what is shown in its place to strangers. */
  readonly quotes?: (part: string, shown: string) => void
}

export interface QueryOptions {
  /** Variables that are added to the client's environment: values for `-e KEY`, which must not stand in an argument list. */
  readonly env?: Readonly<Record<string, string>>
  readonly input?: Buffer
  /** Deadline, ms; default 60 s. After it the client is left behind and not waited for. The client ends with this process at the latest. */
  readonly deadlineMs?: number
  readonly signal?: AbortSignal
}

const QUERY_DEADLINE_MS = 60_000

/**
 * Runs `docker ARGV` until its end, its deadline or the signal, whichever comes first. Never throws for what docker says. Throws
 * `DockerUnavailableError` if there is no docker client, and `InstanceError` if `input` cannot be written to the runner's disk.
 */
export async function query(docker: Docker, argv: readonly string[], options: QueryOptions = {}): Promise<QueryOutput> {
  if (options.signal?.aborted) return { ended: { kind: 'cancelled' }, stdout: '', stderr: '' }
  const kept: Kept = { stdout: [], stderr: [] }
  const env = { ...docker.env, ...options.env }
  const input = options.input === undefined ? null : await nameless(options.input)
  const running = input === null ? withoutInput(argv, env, kept) : withInput(argv, env, input, kept)
  const ended = await firstOf(running, options.deadlineMs ?? QUERY_DEADLINE_MS, options.signal).catch(noClient)
  // masked at the source: whoever quotes an engine's words shows no password of a share
  const stderr = withoutMountOptions(Buffer.concat(kept.stderr).toString())
  return { ended, stdout: Buffer.concat(kept.stdout).toString(), stderr }
}

interface Kept {
  readonly stdout: Buffer[]
  readonly stderr: Buffer[]
}

/** Runs a client whose stdin stays open and empty: no client that is called this way reads it. */
async function withoutInput(argv: readonly string[], env: Record<string, string>, kept: Kept): Promise<Ended> {
  const code: number | null = await exec('docker', [...argv], {
    silent: true,
    ignoreReturnCode: true,
    env,
    listeners: { stdout: (chunk) => kept.stdout.push(chunk), stderr: (chunk) => kept.stderr.push(chunk) },
  })
  // exec types its result as number, but a client ended by a signal gives null
  return code === null ? { kind: 'signal', signal: UNNAMED_SIGNAL } : { kind: 'exit', code }
}

/**
 * Runs a client whose stdin is a file without a name. A pipe of Node's is a socket, which `--env-file /dev/stdin` cannot open; and the
 * `input` of `@actions/exec` ends our process with an unhandled EPIPE if the client exits before it has read it (both seen).
 */
async function withInput(argv: readonly string[], env: Record<string, string>, file: FileHandle, kept: Kept) {
  try {
    const child = spawn('docker', argv, { env, stdio: [file.fd, 'pipe', 'pipe'], detached: true })
    child.stdout?.on('data', (chunk: Buffer) => kept.stdout.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => kept.stderr.push(chunk))
    return await endOf(child)
  } finally {
    await file.close()
  }
}

/**
 * Opens a file with this content that only this user can read, that has no name any more, and that is gone when its last descriptor is
 * closed. Throws `InstanceError` if the runner's disk does not take it.
 */
async function nameless(content: Buffer): Promise<FileHandle> {
  try {
    const folder = await mkdtemp(join(tmpdir(), 'marina-'))
    try {
      await writeFile(join(folder, 'input'), content, { mode: 0o600 })
      return await open(join(folder, 'input'), 'r')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  } catch (error) {
    throw new InstanceError(
      `what the docker client is to read could not be written to ${tmpdir()} on the runner: ${(error as Error).message}. Free disk space there, or look at the permissions of the folder (TMPDIR)`,
      { cause: error },
    )
  }
}

/** Runs `docker ARGV` and returns its stdout. Anything but exit code 0 throws: `CancelledError`, or a `CommandError` that begins with `what`. */
export async function run(
  docker: Docker,
  argv: readonly string[],
  what: string,
  options: QueryOptions = {},
): Promise<string> {
  const output = await query(docker, argv, options)
  if (succeeded(output)) return output.stdout
  throw commandError(docker, what, output)
}

export interface Stream {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /**
   * The way the client ended; settles once its output is read to the end. Says nothing about the container: `inspect` does. Rejects with
   * `DockerUnavailableError` if there is no docker client.
   */
  readonly ended: Promise<Ended>
  /** Kills the client at once (SIGKILL). What it started on the engine lives on. */
  kill(): void
}

/**
 * Starts `docker ARGV` with pipes on stdin, stdout and stderr. The client runs in a session of its own: Ctrl-C reaches the whole process
 * group, and `docker start -a` would end with 0 while its container lives on. The caller reads stdout and stderr to their ends, and ends
 * stdin.
 */
export function stream(docker: Docker, argv: readonly string[], env: Readonly<Record<string, string>> = {}): Stream {
  const child = spawn('docker', argv, {
    env: { ...docker.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  // the other end may be gone at any time; that shows in how the client ended
  child.stdin.on('error', () => {})
  const ended = endOf(child).catch(noClient)
  ended.catch(() => {}) // it is awaited later; until then it must not count as unhandled
  return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, ended, kill: () => kill(child) }
}

/** Kills the client and the programs that it started (`ssh`, a plugin), which share its process group. */
function kill({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) endGroup(pid)
}

function endOf(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) =>
      resolve(signal === null ? { kind: 'exit', code: code ?? -1 } : { kind: 'signal', signal }),
    )
  })
}

/** Resolves with `running`, with `timeout` after `deadlineMs`, or with `cancelled` as soon as the signal fires. */
export async function firstOf(running: Promise<Ended>, deadlineMs: number, signal?: AbortSignal): Promise<Ended> {
  let timer: NodeJS.Timeout | undefined
  let onAbort: (() => void) | undefined
  const deadline = new Promise<Ended>((resolve) => {
    timer = setTimeout(() => resolve({ kind: 'timeout', afterMs: deadlineMs }), Math.min(deadlineMs, 2 ** 31 - 1))
  })
  const cancelled = new Promise<Ended>((resolve) => {
    onAbort = () => resolve({ kind: 'cancelled' })
    if (signal?.aborted) onAbort()
    else signal?.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([running, deadline, cancelled])
  } finally {
    clearTimeout(timer)
    if (onAbort) signal?.removeEventListener('abort', onAbort)
    running.catch(() => {}) // left behind: nobody waits for it any more
  }
}

function noClient(error: unknown): never {
  throw new DockerUnavailableError(
    `the docker client could not be started: ${error instanceof Error ? error.message : String(error)}. Install the docker CLI on this runner and see that it is on PATH`,
    { cause: error },
  )
}
