/**
 * `post`: removes what this step's main phase could not, because it was killed or failed. The runner starts it in every case but its own
 * shutdown.
 */
import type { Console } from '../action/console/console.ts'
import { readPages } from '../action/pages.ts'
import { isForStrangers, readEvent } from '../action/platform.ts'
import type { SavedState } from '../action/state.ts'
import { openSummary } from '../action/stepSummary.ts'
import { thisProcess } from '../claim/processIdentity.ts'
import { sweepJob } from '../claim/sweep.ts'
import { dockerEnvironment } from '../docker/clientEnvironment.ts'
import { openEngine } from '../docker/engine.ts'
import type { Docker } from '../docker/process.ts'
import { count } from '../format.ts'
import { withoutFileNames } from '../report/hideFileNames.ts'
import { renderRefusal } from '../report/messagePages.ts'
import { openQuotes } from '../report/quotes.ts'
import { loadBack } from '../restore/placeDatabases.ts'
import { pingKilled } from './pings.ts'

/** Deadline for each of the first two questions to the engine, ms. If the engine hangs, the job must end soon, and the next run cleans up. */
const ANSWER_MS = 12_000

/**
 * Removes the containers that have the label of the job that main saved, and starts the applications that they list. Without a job (see
 * `saveJob`) docker is not called. If main was killed before it had reported, the step summary says so, and the watcher of `ping-url` is
 * told, if it was a backup. Never throws: a problem is printed, and the next run tries again.
 */
export async function post(env: NodeJS.ProcessEnv, console: Console, state: SavedState): Promise<void> {
  const { job } = state
  if (job === undefined) {
    await console.info(
      'Nothing to clean up: no backup of this step is known. Should one have begun without being able to say so, the next run on this host cleans up.',
    )
    return
  }
  const told = await cleanUp(env, console, job)
  if (state.reported !== undefined) return
  const { command = 'backup' } = state
  await reportKilled(env, console, { told, command })
  if (command === 'backup') await pingKilled(env, console, job)
}

/** Cleans up after the job, and returns sentences about that for people. */
async function cleanUp(env: NodeJS.ProcessEnv, console: Console, job: string): Promise<readonly string[]> {
  const quotes = openQuotes((text) => text)
  const docker: Docker = { env: dockerEnvironment(env), redact: (text) => text, quotes: quotes.note }
  const shown = showing(env, quotes.hide)
  const errors: string[] = []
  try {
    const engine = await openEngine(docker, undefined, ANSWER_MS)
    const owner = { repository: '', server: '', runId: '', attempt: 1, job, process: thisProcess() }
    const { found, gone, restarts } = await sweepJob(
      {
        docker,
        engine,
        owner,
        runCompleted: async () => null,
        loadBack: (helper, dump) =>
          // the words of a database's tool may hold its data, and nothing masks them here
          loadBack(docker, helper, { dump, dumpArgs: null, hide: async () => {}, say: async () => {} }),
        say: (line) => console.info(shown(line)),
        reportError: (message) => {
          errors.push(shown(message))
          return console.error(shown(message))
        },
        warn: (message) => console.warning(shown(message)),
      },
      job,
    )
    await console.info(found === 0 ? 'Nothing was left to clean up.' : `Cleaned up ${count(gone, 'container')}.`)
    const stayed = `${count(found - gone, 'container')} stayed: another run cleans up there, or see the warnings. The next run tries again.`
    if (gone < found) await console.info(stayed)
    return [...errors, ...(gone < found ? [stayed] : []), ...sayApplications(restarts, gone === found, errors)]
  } catch (error) {
    const message = `What this job may have left was not cleaned up, the next run will: ${shown((error as Error).message)}`
    await console.warning(message)
    return [...errors, message, 'Applications that it had stopped may be down: see docker ps.']
  }
}

/**
 * Makes the function that every message passes through: it leaves out the words of containers, which nothing masks here, and, where strangers
 * may read, names of files.
 */
export function showing(env: NodeJS.ProcessEnv, hideQuotes: (text: string) => string): (message: string) => string {
  const isStrange = isForStrangers(readEvent(env))
  return (message) => (isStrange ? withoutFileNames(hideQuotes(message), new Set()) : hideQuotes(message))
}

/** The words for each command that saves its job, if its process is killed. */
const KILLED: Readonly<Record<string, string>> = {
  backup: 'its backups do not count. Run it again.',
  restore: 'see below which data is there now. Run it again.',
  drill: 'it says nothing of the backups. Run it again.',
}

/** Says how the applications are; nothing if `errors` tell of them already. */
function sayApplications(names: readonly string[], isAllGone: boolean, errors: readonly string[]): readonly string[] {
  if (names.length === 0) return ['It left no application stopped.']
  if (errors.length > 0) return []
  const list = names.join(', ')
  return [
    isAllGone
      ? `Applications that it had to start again: ${list}. They are up.`
      : `Applications that it had to start again: ${list}. They may be down: see docker ps.`,
  ]
}

interface KilledRun {
  readonly command: string
  /** Sentences about what it left. */
  readonly told: readonly string[]
}

/** Writes into the step summary, where main could not write any more, that it was killed. */
async function reportKilled(env: NodeJS.ProcessEnv, console: Console, { command, told }: KilledRun): Promise<void> {
  const killed = `The process of the ${command} was killed before it could report (out of memory, a kill -9, or the end of the runner): ${KILLED[command] ?? 'Run it again.'}`
  const summary = await openSummary(env)
  const markdown = renderRefusal({
    heading: `❌ The ${command} was killed`,
    messages: [killed, ...told].map((message) => ({ message: console.redact(message), at: null })),
    links: readPages(env, ''),
    limitBytes: summary.roomBytes,
  })
  const unwritten = await summary.write(markdown)
  if (unwritten !== null) await console.warning(unwritten)
}
