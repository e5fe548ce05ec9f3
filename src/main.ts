/** Both phases of the action, its signals, and the last word on every error. */
import { randomBytes } from 'node:crypto'
import { type AnnotationPlace, type Console, createConsole } from './action/console/console.ts'
import { exitAtOnce } from './action/exit.ts'
import { readInputs } from './action/inputs.ts'
import { setOutputs } from './action/outputs.ts'
import { readEvent } from './action/platform.ts'
import { withSourceLines } from './action/sourceLines.ts'
import { isPost, readState, saveState } from './action/state.ts'
import { writeSummary } from './action/stepSummary.ts'
import { backup } from './command/backup.ts'
import type { CommandContext } from './command/commandContext.ts'
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

/** Prints what is left, ends the docker clients that were left behind, and then this process. */
async function endWith(code: number): Promise<never> {
  await console.end()
  endRunningClients()
  exitAtOnce(crashed ? 1 : code)
}

/** An error that nobody could catch is a bug of ours: it is told as one and ends the process, whatever else is under way. */
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

/** Leaves the job's mark for `post`. A runner whose disk is full can still back up: what the job leaves is then found by the next start. */
async function saveJob(job: string): Promise<void> {
  try {
    await saveState({ job })
  } catch (error) {
    await console.warning(
      `The state for this step's clean-up could not be saved (${(error as Error).message}): should the job be killed, the next run on this host cleans up`,
    )
  }
}

/** A user's mistake is one sentence at its place; anything unknown is our bug and says so. A step that reads `result` hears of it, and so does the run's page. */
async function explain(to: Console, error: unknown): Promise<number> {
  const sentences = sentencesOf(error)
  for (const { message, at } of sentences) await to.error(message, at)
  try {
    const result = error instanceof CancelledError ? 'cancelled' : 'failed'
    await setOutputs({ result, succeeded: '[]', partial: '[]', failed: '[]', skipped: '[]', due: '[]', matrix: '[]' })
    const list = sentences.map(({ message, at }) => {
      const said = to.redact(message) // before it is escaped, which could hide a secret from a search
      return `- ${inline(at?.title ? `${at.title}: ${said}` : said)}`
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
      message: issue.message,
      at: {
        file: error.file,
        line: issue.line,
        title: `${error.file}:${issue.line}:${issue.column}${issue.path === '' ? '' : ` ${issue.path}`}`,
      },
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
