/** Connects to the Docker host of a run, and collects messages about it that belong to no instance. */
import { createApi } from '../action/api.ts'
import { isForStrangers } from '../action/platform.ts'
import type { DockerHost } from '../claim/host.ts'
import { thisProcess } from '../claim/processIdentity.ts'
import { dockerEnvironment } from '../docker/clientEnvironment.ts'
import { openEngine } from '../docker/engine.ts'
import type { Owner } from '../docker/labels.ts'
import type { Docker } from '../docker/process.ts'
import { withoutFileNames } from '../report/hideFileNames.ts'
import { openQuotes, type Quotes } from '../report/quotes.ts'
import { loadBack } from '../restore/placeDatabases.ts'
import type { CommandContext } from './commandContext.ts'
import type { RunPlan } from './runPlan.ts'

/** The host, and the errors and warnings that were reported through it so far, redacted. Both lists grow during the run. */
export interface OpenHost {
  readonly host: DockerHost
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
  /** Lines that containers of others printed and that sentences quote. */
  readonly quotes: Quotes
}

/** The part of a run's plan that a host is opened with. Without `instances` no login of a database is known. */
export type HostPlan = Pick<RunPlan, 'redactor'> & Partial<Pick<RunPlan, 'instances' | 'hide'>>

/**
 * Asks the engine for its version and features, each within `deadlineMs` (default: half a minute). Throws `DockerUnavailableError` if no
 * usable engine answers, `CancelledError` after a cancel.
 */
export async function openHost(
  action: CommandContext,
  { redactor, instances = [], hide }: HostPlan,
  deadlineMs?: number,
): Promise<OpenHost> {
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
    loadBack: (helper, dump, claim) =>
      loadBack(docker, helper, {
        dump,
        dumpArgs: isOfRepository(claim.owner, event) ? dumpArgsOf(instances, claim.instance, dump.name) : null,
        hide: async (secrets) => void hide?.(secrets, `the password of database container "${dump.name}"`),
        say: (line) => console.info(shown(redactor.text(line))),
      }),
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

function isOfRepository({ repository, server }: Owner, event: CommandContext['event']): boolean {
  return repository === event.repository && server === event.serverUrl
}

/** Returns the `dumpArgs` of a database of an instance; `null` if the run does not know the instance, or it has no such target. */
function dumpArgsOf(instances: RunPlan['instances'], id: string, name: string): readonly string[] | null {
  const targets = instances.flatMap((one) => (one.ok && one.instance.id === id ? (one.instance.targets ?? []) : []))
  const target = targets.find((one) => one.kind === 'db' && one.container === name)
  return target?.kind === 'db' ? target.dumpArgs : null
}
