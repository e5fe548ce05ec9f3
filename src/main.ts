/** Runs both phases of the action, handles signals, and reports every error that nobody else has handled. */
import { randomBytes } from 'node:crypto'
import { type AnnotationPlace, type Console, createConsole } from './action/console/console.ts'
import { exitAtOnce, exitDoubt } from './action/exit.ts'
import { readInputs } from './action/inputs.ts'
import { setOutputs } from './action/outputs.ts'
import { readEvent } from './action/platform.ts'
import { withSourceLines } from './action/sourceLines.ts'
import { isPost, readState, saveState } from './action/state.ts'
import { writeSummary } from './action/stepSummary.ts'
import { backup } from './command/backup.ts'
import type { CommandContext } from './command/commandContext.ts'
import { checkInputNames } from './command/inputNames.ts'
import { post } from './command/postCleanup.ts'
import { validate } from './command/validate.ts'
import { PENDING_COMMANDS } from './config/notBuilt.ts'
import { endRunningClients } from './docker/runningClients.ts'
import { CancelledError, CommandError, ConfigError, DockerUnavailableError, InputError } from './errors.ts'
import { inline } from './report/markdown.ts'

const { env } = process
const console = createConsole({ temp: readEvent(env).temp })
let crashed = false
process.on('exit', endRunningClients)
process.on('uncaughtException', endAfterCrash)
const run = isPost(env) ? post(env, console, readState(env).job).then(() => 0) : main()
await endWith(await run.catch((error: unknown) => explain(console, error)))

/** Prints what is left, ends the docker clients that were left behind, and then ends this process. */
async function endWith(code: number): Promise<never> {
  const doubt = env.RUNNER_DEBUG === '1' ? exitDoubt() : null
  if (doubt !== null) await console.info(`debug: ${doubt}`)
  await console.end()
  endRunningClients()
  exitAtOnce(crashed ? 1 : code)
}

/** Reports an error that nobody could catch as a bug of ours and ends the process, whatever else is under way. */
function endAfterCrash(error: unknown): void {
  if (process.listenerCount('uncaughtException') > 1) return // an upload goes on, and takes its client's errors (see action/artifact)
  crashed = true
  void explain(console, error).then(endWith)
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
    saveJob: () => saveJob(job),
  }
  const unknown = checkInputNames(inputs.unknown, env)
  if (unknown !== null) await console.warning(unknown)
  switch (inputs.command) {
    case 'backup':
      return backup(action)
    case 'validate':
      return validate(action)
    default:
      throw new InputError(
        `command ${inputs.command} is not built yet in this version: ${PENDING_COMMANDS[inputs.command]}`,
      )
  }
}

/** Saves the job's id for `post`. If the runner's disk is full the run goes on: the next run will find what this job leaves. */
async function saveJob(job: string): Promise<void> {
  try {
    await saveState({ job })
  } catch (error) {
    await console.warning(
      `The state for this step's clean-up could not be saved (${(error as Error).message}): should the job be killed, the next run on this host cleans up`,
    )
  }
}

/**
 * Reports an error and returns the exit code. A user's mistake is one sentence at its place in the file; anything unknown is reported as
 * our bug. The output `result` and the run's page say it too.
 */
async function explain(to: Console, error: unknown): Promise<number> {
  const sentences = sentencesOf(error)
  for (const { message, at } of sentences) await to.error(message, at)
  try {
    const result = error instanceof CancelledError ? 'cancelled' : 'failed'
    await setOutputs({ result, succeeded: '[]', partial: '[]', failed: '[]', skipped: '[]', due: '[]', matrix: '[]' })
    const list = sentences.map(({ message }) => {
      const said = to.redact(message) // before it is escaped, which could hide a secret from a search
      return `- ${inline(said)}`
    })
    const unwritten = await writeSummary(`### \u274c The run failed\n\n${list.join('\n')}`, env)
    if (unwritten !== null) await to.warning(unwritten)
  } catch (later) {
    await to.warning(`Outputs or summary could not be written: ${(later as Error).message}`)
  }
  return 1
}

function sentencesOf(error: unknown): readonly { readonly message: string; readonly at?: AnnotationPlace }[] {
  if (error instanceof ConfigError) {
    return error.issues.map((issue) => ({
      // the job's log shows of an annotation nothing but its message
      message: `${error.file}:${issue.line}:${issue.column}: ${issue.message}`,
      at: { file: error.file, line: issue.line, ...(issue.path === '' ? {} : { title: issue.path }) },
    }))
  }
  const isKnown =
    error instanceof InputError ||
    error instanceof DockerUnavailableError ||
    error instanceof CommandError ||
    error instanceof CancelledError
  if (isKnown) return [{ message: error.message }]
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return [{ message: `A bug in Marina, please report it: ${withSourceLines(trace, import.meta.url)}` }]
}
