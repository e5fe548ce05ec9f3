/**
 * Runs the phase of the action that this process was started for. Cancels the main phase on signals, and reports errors that nobody else
 * has handled.
 */
import { randomBytes } from 'node:crypto'
import { createConsole } from './action/console/console.ts'
import { exitAtOnce, exitDoubt } from './action/exit.ts'
import { readInputs } from './action/inputs.ts'
import { readEvent } from './action/platform.ts'
import { isPost, readState, type SavedState, saveState } from './action/state.ts'
import { backup } from './command/backup.ts'
import type { CommandContext } from './command/commandContext.ts'
import { explainError } from './command/explainError.ts'
import { checkInputNames } from './command/inputNames.ts'
import { post } from './command/postCleanup.ts'
import { endRunningClients } from './docker/runningClients.ts'

const { env } = process
const console = createConsole({ temp: readEvent(env).temp })
let crashed = false
/** The state that `saveJob` saves, even if that failed; `null` before it is called. */
let saved: SavedState | null = null
process.on('exit', endRunningClients)
process.on('uncaughtException', endAfterCrash)
const run = isPost(env) ? post(env, console, readState(env)).then(() => 0) : main()
await endWith(await run.catch((error: unknown) => explain(error)))

async function explain(error: unknown): Promise<number> {
  const code = await explainError({ env, console, bundle: import.meta.url }, error)
  await saveReported()
  return code
}

/** Prints what the console still holds, ends the docker clients that still run, and ends this process with `code`; after a crash with 1. */
async function endWith(code: number): Promise<never> {
  const doubt = env.RUNNER_DEBUG === '1' ? exitDoubt() : null
  if (doubt !== null) await console.info(`debug: ${doubt}`)
  await console.end()
  endRunningClients()
  exitAtOnce(crashed ? 1 : code)
}

/**
 * Reports an error that nobody could catch and ends the process, whatever else is under way. It does nothing during an upload, nor ever
 * after one that passed its deadline: `artifact` then has a listener of its own.
 */
function endAfterCrash(error: unknown): void {
  if (process.listenerCount('uncaughtException') > 1) return // an upload goes on, and takes its client's errors (see action/artifact)
  crashed = true
  void explain(error).then(endWith)
}

async function main(): Promise<number> {
  const job = randomBytes(8).toString('hex')
  const cancel = new AbortController()
  // the runner sends SIGINT first, SIGTERM 7.5 s later, and kills after 2.5 s more: the first word counts
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => cancel.abort())
  const inputs = readInputs(env)
  const action: CommandContext = {
    env,
    inputs,
    event: readEvent(env),
    console,
    signal: cancel.signal,
    job,
    saveJob: () => saveJob({ job, command: inputs.command }),
    saveReported,
  }
  const unknown = checkInputNames(inputs.unknown, env)
  if (unknown !== null) await console.warning(unknown)
  // a backup, the commonest, does not load what only the others need
  switch (inputs.command) {
    case 'backup':
      return backup(action)
    case 'plan':
      return (await import('./command/plan.ts')).plan(action)
    case 'validate':
      return (await import('./command/validate.ts')).validate(action)
    case 'summary':
      return (await import('./command/summariseFleet.ts')).summary(action)
    case 'check':
      return (await import('./command/check.ts')).check(action)
    case 'restore':
      return (await import('./command/restore.ts')).restore(action)
    case 'drill':
      return (await import('./command/drill.ts')).drill(action)
  }
}

/**
 * Saves the job's id and command for `post`. If it cannot be saved (a full disk), a warning says so and the run goes on: the next run finds what this
 * job leaves.
 */
async function saveJob(job: SavedState): Promise<void> {
  try {
    saved = job
    await saveState(job)
  } catch (error) {
    await console.warning(
      `The state for this step's clean-up could not be saved (${(error as Error).message}): should the job be killed, the next run on this host cleans up`,
    )
  }
}

/** Saves for `post` that this run has reported, so that `post` does not call it killed. */
async function saveReported(): Promise<void> {
  if (saved === null) return
  // a disk that is full has had its warning; `post` then says too much rather than too little
  await saveState({ ...saved, reported: 'true' }).catch(() => {})
}
