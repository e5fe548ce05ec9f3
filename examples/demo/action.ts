/** Starts the built bundle as the runner would, and reads what it left, as the runner would. */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parse } from 'yaml'
import type { RunReport } from '../../src/outcome.ts'
import { parseFileCommands } from './file-commands.ts'

const ROOT = join(import.meta.dirname, '../..')

/** Where the action's docker client comes from and what it talks to: an engine of engine.ts, or a scripted docker. */
export type ActionDocker = { env(): Record<string, string> } | { readonly folder: string; calls(): unknown }

export interface ActionOptions {
  /** As in a workflow's `with:`. Inputs left out get action.yml's default, as the runner gives them. */
  readonly inputs?: Readonly<Record<string, string>>
  /** Added to (or, with `undefined`, removed from) what a runner sets; see `runnerEnv`. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly docker: ActionDocker
  /** The checkout: `GITHUB_WORKSPACE` and the working directory. */
  readonly workspace: string
  /** Content of `GITHUB_EVENT_PATH`. */
  readonly event?: unknown
  /** `RUNNER_TEMP`; default: a new folder beside the workspace. */
  readonly temp?: string
  /** The node that runs the bundle; default: the one that runs this. */
  readonly node?: string
  readonly bundle?: string
  readonly stdout?: {
    /** Reads no faster than this. */
    readonly bytesPerSecond?: number
    /** Keeps only the last so many bytes for the result. */
    readonly keepBytes?: number
    /** Sees each piece as it comes. */
    readonly onChunk?: (chunk: Buffer) => void
  }
  readonly onStderr?: (chunk: Buffer) => void
}

export interface ActionResult {
  /** `null` where a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly outputs: Readonly<Record<string, string>>
  readonly state: Readonly<Record<string, string>>
  /** The step summary, empty where none was written. */
  readonly summary: string
  /** The parsed file of the output `report`, `null` where there is none. */
  readonly report: RunReport | null
  /** `RUNNER_TEMP` of the run. */
  readonly temp: string
  /** The largest resident size of the node process, in bytes; 0 where the system does not tell (not Linux). */
  readonly peakRssBytes: number
  /** Runs the post phase with the state that this phase saved. */
  post(options?: Partial<ActionOptions>): Promise<ActionResult>
}

export interface RunningAction {
  readonly pid: number
  /** To the node process only. */
  kill(signal: NodeJS.Signals): void
  /** As GitHub's runner cancels: SIGINT to the node process, SIGTERM 7.5 s later, SIGKILL 2.5 s after that. */
  cancel(): void
  /** As Gitea and act cancel: SIGKILL to the whole process group, at once. */
  killGroup(): void
  /** What stdout said until now (of `keepBytes`, its end). */
  stdout(): string
  /** Resolves once stdout fits; rejects where the action ends first. */
  says(pattern: RegExp): Promise<void>
  readonly done: Promise<ActionResult>
}

/** Runs the main phase to its end. */
export async function runAction(options: ActionOptions): Promise<ActionResult> {
  return (await startAction(options)).done
}

/** Starts the main phase; the caller may signal it on its way. */
export async function startAction(options: ActionOptions): Promise<RunningAction> {
  return start(options, {})
}

/** The environment that a runner gives to a step, less its tokens: a manual run in `octo/backups`, attempt 1. */
export function runnerEnv(workspace: string, temp: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '/',
    LANG: 'C.UTF-8',
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTOR: 'octocat',
    GITHUB_API_URL: 'http://127.0.0.1:9', // nobody answers there
    GITHUB_EVENT_NAME: 'workflow_dispatch',
    GITHUB_JOB: 'backup',
    GITHUB_REF: 'refs/heads/main',
    GITHUB_REPOSITORY: 'octo/backups',
    GITHUB_REPOSITORY_OWNER: 'octo',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_RUN_ID: '1001',
    GITHUB_RUN_NUMBER: '7',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_SHA: '0'.repeat(40),
    GITHUB_WORKFLOW: 'Backup',
    GITHUB_WORKFLOW_REF: 'octo/backups/.github/workflows/backup.yml@refs/heads/main',
    GITHUB_WORKSPACE: workspace,
    RUNNER_ARCH: 'X64',
    RUNNER_ENVIRONMENT: 'self-hosted',
    RUNNER_NAME: 'test-runner',
    RUNNER_OS: 'Linux',
    RUNNER_TEMP: temp,
    RUNNER_TOOL_CACHE: join(temp, 'tools'),
  }
}

/** As action.yml names them. */
const MAIN = join(ROOT, 'dist/index.js')
const POST = join(ROOT, 'dist/post.js')

async function start(options: ActionOptions, state: Readonly<Record<string, string>>): Promise<RunningAction> {
  const temp = options.temp ?? (await mkdtemp(join(dirname(options.workspace), 'runner-')))
  await mkdir(temp, { recursive: true })
  const files = await stepFiles(temp, options.event ?? { repository: { private: true, full_name: 'octo/backups' } })
  const env: Record<string, string | undefined> = {
    ...runnerEnv(options.workspace, temp),
    ...files.env,
    ...(await inputEnv(options.inputs ?? {})),
    ...dockerEnv(options.docker),
    ...Object.fromEntries(Object.entries(state).map(([key, value]) => [`STATE_${key}`, value])),
    ...options.env,
  }
  const bundle = options.bundle ?? MAIN
  const child = spawn(options.node ?? process.execPath, [bundle], {
    cwd: options.workspace,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a process group of its own, see killGroup
  })
  return follow(child, options, temp, files.paths)
}

function follow(child: ChildProcess, options: ActionOptions, temp: string, paths: StepPaths): RunningAction {
  const out = new Kept(options.stdout?.keepBytes)
  const err = new Kept(undefined)
  const waiting = new Set<() => void>()
  const memory = watchMemory(child)
  const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve([code, signal]))
  })
  const reading = readSlowly(child, options.stdout?.bytesPerSecond, (chunk) => {
    out.add(chunk)
    options.stdout?.onChunk?.(chunk)
    for (const check of waiting) check()
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    err.add(chunk)
    options.onStderr?.(chunk)
  })
  const done = (async (): Promise<ActionResult> => {
    const [[code, signal]] = await Promise.all([ended, reading])
    const outputs = await parseFileCommands(paths.output)
    const saved = await parseFileCommands(paths.state)
    const summary = await readFile(paths.summary, 'utf8')
    const report = outputs.report ? (JSON.parse(await readFile(outputs.report, 'utf8')) as RunReport) : null
    const post = async (changed: Partial<ActionOptions> = {}) =>
      (await start({ bundle: POST, ...options, temp, ...changed }, saved)).done
    const stdout = out.text()
    const stderr = err.text()
    return { code, signal, stdout, stderr, outputs, state: saved, summary, report, temp, peakRssBytes: memory(), post }
  })()
  done.catch(() => {}) // whoever awaits it hears of it; one that was only started must not end the test process
  const says = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const check = () => {
        if (!pattern.test(out.text())) return false
        waiting.delete(check)
        resolve()
        return true
      }
      waiting.add(check)
      const never = () =>
        check() || reject(new Error(`the action ended without saying ${pattern}:\n${out.text()}${err.text()}`))
      if (!check()) void reading.then(never, reject)
    })
  const pid = child.pid ?? 0
  const cancel = () => {
    child.kill('SIGINT')
    const later = (
      [
        [7500, 'SIGTERM'],
        [10_000, 'SIGKILL'],
      ] as const
    ).map(([ms, signal]) => setTimeout(() => child.kill(signal), ms))
    child.on('exit', () => later.forEach(clearTimeout))
  }
  const killGroup = () => void process.kill(-pid, 'SIGKILL')
  return { pid, kill: (signal) => void child.kill(signal), cancel, killGroup, stdout: () => out.text(), says, done }
}

interface StepPaths {
  readonly output: string
  readonly state: string
  readonly summary: string
}

/** The files that a runner gives to each step anew. */
async function stepFiles(temp: string, event: unknown): Promise<{ env: Record<string, string>; paths: StepPaths }> {
  const folder = await mkdtemp(join(temp, '_runner_file_commands-'))
  const paths = { output: join(folder, 'output'), state: join(folder, 'state'), summary: join(folder, 'summary') }
  const others = { env: join(folder, 'env'), path: join(folder, 'path'), event: join(folder, 'event.json') }
  for (const path of [...Object.values(paths), others.env, others.path]) await writeFile(path, '')
  await writeFile(others.event, JSON.stringify(event))
  const env = {
    GITHUB_OUTPUT: paths.output,
    GITHUB_STATE: paths.state,
    GITHUB_STEP_SUMMARY: paths.summary,
    GITHUB_ENV: others.env,
    GITHUB_PATH: others.path,
    GITHUB_EVENT_PATH: others.event,
  }
  return { env, paths }
}

/** `INPUT_…` as the runner names them: spaces become underscores, all upper case, dashes stay. */
async function inputEnv(inputs: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const action = parse(await readFile(join(ROOT, 'action.yml'), 'utf8')) as {
    inputs?: Record<string, { default?: unknown } | null>
  }
  const known = Object.entries(action.inputs ?? {})
  const unknown = Object.keys(inputs).filter((name) => !known.some(([key]) => key === name))
  if (unknown.length > 0) throw new Error(`action.yml has no input ${unknown.join(', ')}`)
  const settled = known.map(([name, input]) => {
    const preset = String(input?.default ?? '').replace(/\$\{\{.*?\}\}/g, '') // expressions such as github.token: none here
    return [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, inputs[name] ?? preset]
  })
  return Object.fromEntries(settled)
}

function dockerEnv(docker: ActionDocker): Record<string, string> {
  if ('folder' in docker && 'calls' in docker) return { PATH: `${docker.folder}${delimiter}${process.env.PATH ?? ''}` }
  return (docker as { env(): Record<string, string> }).env()
}

/** Reads stdout to its end, at most so fast; a pipe that is not read holds its writer back. */
async function readSlowly(
  child: ChildProcess,
  bytesPerSecond: number | undefined,
  take: (chunk: Buffer) => void,
): Promise<void> {
  if (!child.stdout) return
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    take(chunk)
    if (bytesPerSecond !== undefined) await delay((chunk.length / bytesPerSecond) * 1000)
  }
}

/** Follows the process's high-water mark, which the kernel forgets when it ends. */
function watchMemory(child: ChildProcess): () => number {
  let peak = 0
  const look = async () => {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '')
    peak = Math.max(peak, Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024)
  }
  const timer = setInterval(() => void look(), 25)
  child.on('close', () => clearInterval(timer))
  child.on('error', () => clearInterval(timer))
  return () => peak
}

/** Bytes that were read, all or the last so many. */
class Kept {
  readonly #limit: number | undefined
  #chunks: Buffer[] = []
  #size = 0

  constructor(limit: number | undefined) {
    this.#limit = limit
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (this.#limit !== undefined && this.#size > 2 * this.#limit) {
      this.#chunks = [Buffer.concat(this.#chunks).subarray(-this.#limit)]
      this.#size = this.#limit
    }
  }

  text(): string {
    const all = Buffer.concat(this.#chunks)
    return (this.#limit === undefined ? all : all.subarray(-this.#limit)).toString()
  }
}
