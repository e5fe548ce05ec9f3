/** Applications for tests: containers that use volumes, and what the engine saw of them. */

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Engine } from '../../examples/demo/engine.ts'
import { atTestEnd } from './testEnd.ts'

export interface AppOptions {
  /** Mounted writable at `/v0`, `/v1`, …. */
  readonly volumes?: readonly string[]
  /** Shell text; default: counts in its volumes, and writes on TERM that it has closed them. */
  readonly script?: string
  /** More for `docker run`. */
  readonly args?: readonly string[]
  /** An image and command of its own, instead of the script. */
  readonly command?: readonly string[]
}

/** Counts up in every volume. What it wrote last says at which count it was closed: the same everywhere, if one moment is shown. */
export const COUNTS = `
n=0
trap 'for v in /v?; do echo "closed at $n" >>$v/lines; done; exit 0' TERM
while :; do n=$((n+1)); for v in /v?; do echo "line $n" >>$v/lines; done; sleep 0.05; done`

/** Ends at once when it is asked to, and does nothing else. */
export const IDLES = `trap 'exit 0' TERM; while :; do sleep 0.1; done`

/** Starts a container that is removed when the test ends. Resolves to its name. */
export async function startApp(engine: Engine, what: string, options: AppOptions = {}): Promise<string> {
  const name = engine.name(what)
  const { volumes = [], args = [], command = [engine.baseImage, 'sh', '-c', options.script ?? COUNTS] } = options
  const mounts = volumes.flatMap((volume, index) => ['--mount', `type=volume,src=${volume},dst=/v${index}`])
  atTestEnd(async () => void (await engine.docker(['rm', '-fv', name])))
  await engine.ok(['run', '-d', '--name', name, ...mounts, ...args, ...command])
  return name
}

/** `running`, `paused`, `exited`, `created`, …. */
export function statusOf(engine: Engine, name: string): Promise<string> {
  return engine.ok(['container', 'inspect', '--format', '{{.State.Status}}', name])
}

/** Changes with every start. */
export function startOf(engine: Engine, name: string): Promise<string> {
  return engine.ok(['container', 'inspect', '--format', '{{.State.StartedAt}}', name])
}

export interface Seen {
  /** `die sales-app`, `start marina-image-sales`, …: what happened to containers, without execs, in the engine's order. */
  readonly all: readonly string[]
  /** Of these containers alone. */
  of(...names: string[]): readonly string[]
  /** Resolves at the moment of the event (or now, where it has been); the test's own time limit is its deadline. */
  until(event: string): Promise<void>
}

/** Listens to the engine until the test ends; nothing that happens after this resolves is missed. */
export async function watch(engine: Engine): Promise<Seen> {
  const all: string[] = []
  const waiting = new Set<() => void>()
  const since = await engine.ok(['info', '--format', '{{.SystemTime}}'])
  const child = spawn(
    'docker',
    ['events', '--since', since, '--filter', 'type=container', '--format', '{{.Action}} {{.Actor.Attributes.name}}'],
    { env: { ...process.env, ...engine.env() }, stdio: ['ignore', 'pipe', 'ignore'] },
  )
  atTestEnd(() => void child.kill('SIGKILL'))
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('exec_')) return
    all.push(line)
    for (const check of waiting) check()
  })
  return {
    all,
    of: (...names) => all.filter((line) => names.some((name) => line.endsWith(` ${name}`))),
    until: (event) =>
      new Promise((resolve) => {
        const check = () => {
          if (!all.includes(event)) return
          waiting.delete(check)
          resolve()
        }
        waiting.add(check)
        check()
      }),
  }
}
