/**
 * Runs the built action many times and counts the runs whose process does not end: `process.exit` of Node can wait for ever
 * (see src/action/exit.ts). Most runs have a scripted docker, the others a real engine with a copy or a dump among them; all upload their
 * artifacts, since it is the code that is fresh at the end that provokes it.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ActionDocker, type ActionOptions, type ActionResult, startAction } from '../../examples/demo/action.ts'
import type { Engine } from '../../examples/demo/engine.ts'
import { run } from '../../examples/demo/process.ts'
import { startArtifactService } from './artifact-service.ts'
import { startServer } from './databases.ts'
import { easyDocker } from './easy-docker.ts'
import { filledVolume, toldImage } from './run.ts'
import { makeWorkspace } from './workspace.ts'

/** How long after its last line a process may take to end, ms. */
const MAY_TAKE_MS = 10_000
/** A run that has said nothing for so long has failed, ms. */
const SILENT_MS = 120_000

export interface Endings {
  /** Processes that ended in time, with exit code 0. */
  ended: number
  /** Descriptions of processes that hung, or whose backup failed. */
  readonly failures: string[]
}

export interface EndingsOptions {
  readonly engine: Engine
  readonly runs: number
  /** The node that runs the bundle; default: the one that runs this. */
  readonly node?: string
  /** The folder of the bundle; default: `dist/`. */
  readonly bundle?: string
  /** Tells of each failure when it happens. */
  readonly say?: (line: string) => void
}

/** What one run backs up: nothing, by a scripted docker; or on the real engine a copied volume, or a database. */
type Kind = 'scripted' | 'copy' | 'dump'

/** Of 25 runs one copies and one dumps: they take longer than the rest. */
const KINDS: readonly Kind[] = Array.from({ length: 25 }, (_, i) => (i === 8 ? 'copy' : i === 16 ? 'dump' : 'scripted'))
/** Every so many runs is followed by its `post`. */
const POST_EVERY = 5

/** Runs all of them, several at a time; the second half beside two busy processes. */
export async function countEndings(options: EndingsOptions): Promise<Endings> {
  const counted: Endings = { ended: 0, failures: [] }
  const stage = await setUp(options)
  try {
    const half = Math.ceil(options.runs / 2)
    await inParallel(0, half, (index) => oneRun(options, stage, index, counted))
    const busy = [startBusy(), startBusy()]
    try {
      await inParallel(half, options.runs, (index) => oneRun(options, stage, index, counted))
    } finally {
      for (const child of busy) child.kill('SIGKILL')
    }
  } finally {
    await stage.tearDown()
  }
  return counted
}

interface Stage {
  readonly dockers: Readonly<Record<Kind, ActionDocker>>
  readonly image: string
  readonly targets: Readonly<Record<Kind, readonly object[]>>
  /** What a step's environment needs for its uploads. */
  readonly env: Readonly<Record<string, string>>
  tearDown(): Promise<void>
}

async function setUp({ engine }: EndingsOptions): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'marina-endings-'))
  const service = await startArtifactService()
  const image = await toldImage(engine)
  const volume = await filledVolume(engine, 'endings', 'for i in 1 2 3 4 5 6 7 8; do echo $i >file-$i; done')
  const database = engine.name('endings-redis')
  await startServer(engine, 'redis', database)
  return {
    dockers: { scripted: await easyDocker(join(folder, 'docker')), copy: engine, dump: engine },
    image,
    targets: { scripted: [], copy: [{ volume, staging: 'copy' }], dump: [{ db: database }] },
    env: service.env,
    async tearDown() {
      service.stop()
      await engine.docker(['rm', '-fv', database])
      await engine.docker(['volume', 'rm', '-f', volume])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function inParallel(from: number, to: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = from
  const lane = async () => {
    while (next < to) await work(next++)
  }
  await Promise.all(Array.from({ length: 2 * availableParallelism() }, lane))
}

async function oneRun(options: EndingsOptions, stage: Stage, index: number, counted: Endings): Promise<void> {
  const kind = KINDS[index % KINDS.length] ?? 'scripted'
  const fail = (what: string) => {
    counted.failures.push(`run ${index} (${kind}): ${what}`)
    options.say?.(`run ${index} (${kind}): ${what}`)
  }
  let remove = async () => {}
  try {
    const config = configOf(options.engine, stage, kind, index)
    const workspace = await makeWorkspace({ 'config.yml': config }, (done) => {
      remove = done
    })
    const { node, bundle = DIST } = options
    const main: ActionOptions = { docker: stage.dockers[kind], workspace, env: stage.env, ...(node ? { node } : {}) }
    const ran = await watched({ ...main, bundle: join(bundle, 'index.js') }, /^\w+\. Logs: /m, fail)
    if (ran === null) return
    if (!ran.outputs['artifact-id']) return fail(`nothing was uploaded:\n${ran.stdout.slice(-2000)}`)
    counted.ended++
    if (index % POST_EVERY !== 0) return
    const state = Object.entries(ran.state).map(([key, value]) => [`STATE_${key}`, value])
    const env = { ...stage.env, ...Object.fromEntries(state) }
    const post = await watched({ ...main, bundle: join(bundle, 'post.js'), env }, /clean up/m, fail)
    if (post !== null) counted.ended++
  } catch (error) {
    fail((error as Error).message)
  } finally {
    await remove()
  }
}

const DIST = join(import.meta.dirname, '../../dist')

function configOf(engine: Engine, stage: Stage, kind: Kind, index: number): string {
  const instance = {
    id: engine.name(`ending-${index}`),
    customImage: stage.image,
    pull: 'never',
    targets: stage.targets[kind],
    env: { DO: 'echo one; echo two' },
  }
  return JSON.stringify({ nodeName: 'endings', instances: [instance] })
}

/** Resolves to what the process left once it has ended well; to `null`, after `fail`, where it hung or failed. */
async function watched(
  options: ActionOptions,
  lastLine: RegExp,
  fail: (what: string) => void,
): Promise<ActionResult | null> {
  let lastHeard = Date.now()
  const running = await startAction({ ...options, stdout: { onChunk: () => (lastHeard = Date.now()) } })
  let hung: string | null = null
  const timer = setInterval(async () => {
    const silentMs = Date.now() - lastHeard
    const isDone = lastLine.test(running.stdout())
    if (hung !== null || silentMs < (isDone ? MAY_TAKE_MS : SILENT_MS)) return
    hung = isDone
      ? `not ended ${Math.round(silentMs / 1000)} s after its last line`
      : `silent for ${Math.round(silentMs / 1000)} s before its last line`
    hung += `; threads: ${await threadsOf(running.pid)}`
    running.kill('SIGKILL')
  }, 500)
  const ran = await running.done.finally(() => clearInterval(timer))
  if (hung !== null) fail(hung)
  else if (ran.code !== 0)
    fail(`exit code ${ran.code}, signal ${ran.signal}:\n${ran.stdout.slice(0, 1500)}${ran.stderr}`)
  else return ran
  return null
}

/** The stacks of its threads where gdb is installed, else the name of each and its place in the kernel. */
async function threadsOf(pid: number): Promise<string> {
  const args = ['--batch', '-p', String(pid), '-ex', 'thread apply all backtrace 14']
  const stacks = await run('gdb', args, { timeoutMs: 60_000 }).catch(() => null)
  if (stacks?.code === 0) return stacks.stdout.slice(0, 20_000)
  const tasks = await readdir(`/proc/${pid}/task`).catch(() => [])
  const read = (task: string, file: string) => readFile(`/proc/${pid}/task/${task}/${file}`, 'utf8').catch(() => '?')
  const each = tasks.map(
    async (task) => `${(await read(task, 'comm')).trim()} in ${(await read(task, 'wchan')).trim()}`,
  )
  return (await Promise.all(each)).join(', ')
}

/** A process that takes all it can get of one core. */
function startBusy(): ChildProcess {
  return spawn(process.execPath, ['-e', 'for (;;) {}'], { stdio: 'ignore' })
}
