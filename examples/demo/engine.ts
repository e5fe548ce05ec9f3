/** A Docker engine for tests and the demonstration: a private one in a temporary folder, or the one that answers. */

import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { importBusybox, makeDebian } from './base-image.ts'
import { ensureEnginePrograms, NoEngineError } from './packages.ts'
import { type Ran, type RunOptions, run } from './process.ts'

/** What another process needs to use the engine; plain data. */
export interface EngineHandle {
  /** `private`: ours alone. `reachable`: the user's own, where everything made must carry the `prefix`. */
  readonly kind: 'private' | 'reachable'
  /** For `DOCKER_HOST`: `unix://…`; of a reachable engine what the client says of it (see `env`). */
  readonly host: string
  /** Where a private engine keeps its data (`data`), log (`dockerd.log`) and socket; `null` for a reachable one. */
  readonly folder: string | null
  /** Unique to this engine's use; see `name`. */
  readonly prefix: string
  /** A small image with `sh` and BusyBox's tools, uid 0, no ENTRYPOINT; `:` and a tag included. */
  readonly baseImage: string
}

export interface Engine extends EngineHandle {
  /** Runs the docker client against this engine; a failure is the result's `code`. */
  docker(args: readonly string[], options?: RunOptions): Promise<Ran>
  /** As `docker`, but a failure rejects with what docker said; resolves to stdout without its last newline. */
  ok(args: readonly string[], options?: RunOptions): Promise<string>
  /** A name (container, volume, image, instance id) that nothing else on this engine has: `data` → `marina-test-x7f3a9-data`. */
  name(what: string): string
  /** The environment under which any docker client, the action's included, talks to this engine. */
  env(): Record<string, string>
  /** An image of Debian with GNU tools and these packages installed; made once an engine, 30 s and more. */
  debian(packages?: readonly string[]): Promise<string>
  /** Ends dockerd (`SIGTERM` as a restart does, `SIGKILL` as a crash) and waits until it answers again. Private only. */
  restart(how?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** Holds dockerd still, so that clients hang; `thaw` lets it go on. Private only. */
  freeze(): Promise<void>
  thaw(): Promise<void>
}

export interface OwnedEngine extends Engine {
  /** Ends a private engine with all it holds; on a reachable one, removes what carries the prefix. */
  stop(): Promise<void>
}

export interface StartOptions {
  /** The engine's whole disk, in MiB, as a tmpfs: for tests of a full one. Private only. */
  readonly diskMiB?: number
  /** What the names begin with. */
  readonly prefix?: string
  readonly say?: (line: string) => void
}

/**
 * An engine for tests: a private one as root on Linux, else the one that answers. Never skips: throws `NoEngineError`
 * with one line that says what is missing. However this process ends, a private engine ends with it.
 */
export async function startEngine(options: StartOptions = {}): Promise<OwnedEngine> {
  if (process.platform === 'linux' && process.getuid?.() === 0) return startPrivateEngine(options)
  const reachable = await reachableEngine(options)
  if (reachable) {
    await makeBase(reachable)
    return reachable
  }
  await ensureEnginePrograms(options.say ?? console.log)
  throw new NoEngineError(
    'no Docker engine answers: start one that you may use, or run this as root to have a private one.',
  )
}

/** The engine that the docker client of this user reaches; its base image is still to be made. `null` where none answers. */
export async function reachableEngine(options: StartOptions = {}): Promise<OwnedEngine | null> {
  const answers = await run('docker', ['version', '--format', '{{.Server.Version}}'], { timeoutMs: 20_000 }).catch(
    () => null,
  )
  if (answers?.code !== 0) return null
  const host = await run('docker', ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'], {
    timeoutMs: 20_000,
  })
  const prefix = uniquePrefix(options)
  const handle: EngineHandle = {
    kind: 'reachable',
    host: process.env.DOCKER_HOST || host.stdout.trim(),
    folder: null,
    prefix,
    baseImage: `${prefix}-base:latest`,
  }
  const engine = attachEngine(handle)
  return { ...engine, stop: () => removeNamed(engine) }
}

/** A dockerd of our own, in namespaces of its own, that meets no other engine on this machine. Wants root on Linux. */
export async function startPrivateEngine(options: StartOptions = {}): Promise<OwnedEngine> {
  await ensureEnginePrograms(options.say ?? console.log)
  const folder = await mkdtemp(join(tmpdir(), 'marina-engine-'))
  const supervisor = startSupervisor(folder, options.diskMiB)
  const prefix = uniquePrefix(options)
  const handle: EngineHandle = {
    kind: 'private',
    host: `unix://${join(folder, 'docker.sock')}`,
    folder,
    prefix,
    baseImage: `${prefix}-base:latest`,
  }
  const engine: OwnedEngine = { ...attachEngine(handle), stop: () => endSupervisor(supervisor) }
  try {
    await untilItAnswers(engine, supervisor)
    await writeFile(join(folder, 'answered'), '')
    await makeBase(engine)
  } catch (error) {
    const log = await readFile(join(folder, 'dockerd.log'), 'utf8').catch(() => '')
    await engine.stop()
    throw new NoEngineError(
      `a private Docker engine does not start here: ${(error as Error).message}\n${log.slice(-3000)}`,
    )
  }
  return engine
}

/** The engine of a handle, for a process that did not start it. */
export function attachEngine(handle: EngineHandle): Engine {
  const own = clientEnv(handle)
  const env = (given: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv => {
    const others = Object.entries(given).filter(([key]) => !CLIENT_KEYS.includes(key))
    return { ...Object.fromEntries(others), ...own }
  }
  const docker = (args: readonly string[], options: RunOptions = {}) =>
    run('docker', args, { ...options, env: env(options.env) })
  const ok = async (args: readonly string[], options: RunOptions = {}) => {
    const ran = await docker(args, options)
    if (ran.code !== 0) throw new Error(`docker ${args.join(' ')}: exit code ${ran.code}\n${ran.stderr}`)
    return ran.stdout.replace(/\n$/, '')
  }
  const engine: Engine = {
    ...handle,
    docker,
    ok,
    name: (what) => `${handle.prefix}-${what}`,
    env: () => own,
    debian: (packages = []) => makeDebian(engine, packages),
    restart: async (how = 'SIGTERM') => {
      const before = await enginePid(handle)
      process.kill(before, how)
      await until(60_000, 'dockerd has started again', async () => {
        const now = await enginePid(handle).catch(() => before)
        return now !== before && (await answers(engine))
      })
    },
    freeze: async () => void process.kill(await enginePid(handle), 'SIGSTOP'),
    thaw: async () => void process.kill(await enginePid(handle), 'SIGCONT'),
  }
  return engine
}

/** What tells a docker client its engine. A context of the user's may hold certificates too, so it is taken as a whole. */
const CLIENT_KEYS = [
  'DOCKER_HOST',
  'DOCKER_CONTEXT',
  'DOCKER_CONFIG',
  'DOCKER_TLS',
  'DOCKER_TLS_VERIFY',
  'DOCKER_CERT_PATH',
]

function clientEnv(handle: EngineHandle): Record<string, string> {
  if (handle.kind === 'private') return { DOCKER_HOST: handle.host }
  return Object.fromEntries(CLIENT_KEYS.flatMap((key) => (process.env[key] ? [[key, process.env[key]]] : [])))
}

async function makeBase(engine: OwnedEngine): Promise<void> {
  const folder = await mkdtemp(join(engine.folder ?? tmpdir(), 'marina-base-'))
  try {
    await importBusybox(engine, folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function uniquePrefix(options: StartOptions): string {
  return `${options.prefix ?? 'marina-test'}-${randomBytes(3).toString('hex')}`
}

/**
 * Starts the supervisor in its own session (Ctrl-C is not for it) and namespaces. The outer shell removes the folder
 * once every process in the namespaces is gone; a read of its stdin ends when we do, however we end.
 */
function startSupervisor(folder: string, diskMiB: number | undefined): ChildProcess {
  const log = openSync(join(folder, 'dockerd.log'), 'a')
  const script = `
    trap '' INT TERM HUP
    unshare --net --mount --propagation slave --pid --fork --kill-child sh "$1" "$2" "$3"
    code=$?
    rm -rf --one-file-system "$2"
    exit $code`
  const program = join(import.meta.dirname, 'engine-supervisor.sh')
  const child = spawn('sh', ['-c', script, 'sh', program, folder, diskMiB === undefined ? '' : String(diskMiB)], {
    detached: true,
    stdio: ['pipe', log, log],
  })
  closeSync(log)
  child.stdin?.on('error', () => {}) // it may end first; its exit says so
  child.unref()
  return child
}

async function endSupervisor(supervisor: ChildProcess): Promise<void> {
  if (supervisor.exitCode !== null || supervisor.signalCode !== null) return
  const ended = new Promise<void>((resolve) => supervisor.once('exit', () => resolve()))
  supervisor.ref()
  supervisor.stdin?.end()
  await ended
}

async function untilItAnswers(engine: Engine, supervisor: ChildProcess): Promise<void> {
  await until(60_000, 'dockerd answers', async () => {
    if (supervisor.exitCode !== null) throw new Error(`dockerd ended with code ${supervisor.exitCode}`)
    return answers(engine)
  })
}

async function answers(engine: Engine): Promise<boolean> {
  const ran = await engine
    .docker(['version', '--format', '{{.Server.Version}}'], { timeoutMs: 10_000 })
    .catch(() => null)
  return ran?.code === 0
}

async function until(withinMs: number, what: string, done: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + withinMs
  while (!(await done())) {
    if (Date.now() > end) throw new Error(`waited ${withinMs / 1000} s in vain until ${what}`)
    await delay(100)
  }
}

/** The process of a private dockerd as this namespace counts; its own pid file holds the number of the inner one. */
export async function enginePid(handle: EngineHandle): Promise<number> {
  if (handle.folder === null)
    throw new Error(
      'this test restarts, freezes or enters its engine, which needs a private one: run it as root on Linux',
    )
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const [program, ...args] = (await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '')).split('\0')
    if (program?.endsWith('dockerd') && args.includes(join(handle.folder, 'data'))) return Number(entry)
  }
  throw new Error(`dockerd of ${handle.folder} is not running`)
}

/** Removes from a shared engine all that carries our prefix, and nothing else. */
async function removeNamed(engine: Engine): Promise<void> {
  const named = async (args: string[]) =>
    (await engine.ok(args)).split('\n').filter((line) => line.includes(engine.prefix))
  const first = (line: string) => line.split(' ')[0] ?? ''
  const containers = await named(['ps', '-a', '--no-trunc', '--format', '{{.ID}} {{.Names}} {{.Image}}'])
  if (containers.length > 0) await engine.ok(['rm', '-fv', ...containers.map(first)])
  const volumes = await named(['volume', 'ls', '--format', '{{.Name}}'])
  if (volumes.length > 0) await engine.ok(['volume', 'rm', '-f', ...volumes])
  const networks = await named(['network', 'ls', '--format', '{{.Name}}'])
  if (networks.length > 0) await engine.ok(['network', 'rm', ...networks])
  const images = await named(['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}'])
  if (images.length > 0) await engine.ok(['image', 'rm', '-f', ...images])
}
