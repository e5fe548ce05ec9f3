/** Runs one process to its end and says all that happened; for tests and the demonstration. */

import { spawn } from 'node:child_process'

export interface Ran {
  /** The exit code; 128 + n where signal n ended it, as a shell says it. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd?: string
  /** The whole environment; the caller's own where left out. */
  readonly env?: NodeJS.ProcessEnv
  readonly input?: string | Buffer
  /** Past it the process is killed and the promise rejects. Default: two minutes. */
  readonly timeoutMs?: number
  /** `true`: its output goes to our own, and the result's is empty. */
  readonly show?: boolean
}

const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGTERM: 15,
}

/** Runs `command` with `args`. Rejects only where it cannot be started or runs out of time; a failure is its `code`. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { timeoutMs = 120_000 } = options
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', ...outputs(options.show ?? false)],
    })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.stdin?.on('error', () => {}) // a process that ends without reading its input says so by its exit code
    child.stdin?.end(options.input)
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(
        new Error(`${command} ${args.join(' ')}: not done after ${timeoutMs / 1000} s\n${text(stdout)}${text(stderr)}`),
      )
    }, timeoutMs)
    child.on('error', (cause) => {
      clearTimeout(timer)
      reject(new Error(`${command} cannot be started: ${cause.message}`, { cause }))
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ code: code ?? 128 + (SIGNALS[signal ?? ''] ?? 0), stdout: text(stdout), stderr: text(stderr) })
    })
  })
}

/** As `run`, but a failure rejects, with what the process said. Resolves to stdout without its last newline. */
export async function runOk(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const ran = await run(command, args, options)
  if (ran.code !== 0) {
    throw new Error(`${command} ${args.join(' ')}: exit code ${ran.code}\n${ran.stderr || ran.stdout}`)
  }
  return ran.stdout.replace(/\n$/, '')
}

function outputs(show: boolean): ['inherit', 'inherit'] | ['pipe', 'pipe'] {
  return show ? ['inherit', 'inherit'] : ['pipe', 'pipe']
}

function text(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString()
}
