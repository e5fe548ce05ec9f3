/** Connects to the Docker host of a run, and collects messages about it that belong to no instance. */
import { createApi } from '../action/api.ts'
import { isForStrangers } from '../action/platform.ts'
import type { DockerHost } from '../claim/host.ts'
import { thisProcess } from '../claim/processIdentity.ts'
import { dockerEnvironment } from '../docker/clientEnvironment.ts'
import { openEngine } from '../docker/engine.ts'
import type { Docker } from '../docker/process.ts'
import { withoutFileNames } from '../report/hideFileNames.ts'
import { openQuotes, type Quotes } from '../report/quotes.ts'
import { loadBack } from '../restore/placeDatabases.ts'
import type { Redactor } from '../secrets/redaction.ts'
import type { CommandContext } from './commandContext.ts'

/** The host, and the errors and warnings that were reported through it so far, redacted. Both lists grow during the run. */
export interface OpenHost {
  readonly host: DockerHost
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
  /** What containers of others printed and sentences quote. */
  readonly quotes: Quotes
}

/**
 * Asks the engine for its version and features, each within `deadlineMs` (default: half a minute). Throws `DockerUnavailableError` if no
 * usable engine answers, `CancelledError` after a cancel.
 */
export async function openHost(action: CommandContext, redactor: Redactor, deadlineMs?: number): Promise<OpenHost> {
  const { inputs, event, console } = action
  const quotes = openQuotes((text) => redactor.text(text))
  const docker: Docker = {
    env: dockerEnvironment(action.env),
    redact: (text) => redactor.text(text),
    quotes: quotes.note,
  }
  const engine = await openEngine(docker, action.signal, deadlineMs)
  const known = new Set([inputs.config])
  const shown = (message: string) => (isForStrangers(event) ? withoutFileNames(quotes.hide(message), known) : message)
  const errors: string[] = []
  const warnings: string[] = []
  const host: DockerHost = {
    docker,
    engine,
    owner: {
      repository: event.repository,
      server: event.serverUrl,
      runId: event.runId,
      attempt: event.attempt,
      job: action.job,
      process: thisProcess(),
    },
    loadBack: (helper, dumps) =>
      loadBack(docker, helper, { dumps, say: (line) => console.info(shown(redactor.text(line))) }),
    runCompleted: createApi({ token: inputs.githubToken, baseUrl: event.apiUrl }).runCompleted,
    say: (line) => console.info(shown(redactor.text(line))),
    reportError: async (message) => {
      errors.push(redactor.text(message))
      await console.error(shown(redactor.text(message)))
    },
    warn: async (message) => {
      warnings.push(redactor.text(message))
      await console.warning(shown(redactor.text(message)))
    },
  }
  return { host, errors, warnings, quotes }
}
