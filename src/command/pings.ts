/** Tells the watcher of `ping-url` that a run began, and how it ended. Never throws, and fails no backup: what goes wrong is one warning. */
import { createHash } from 'node:crypto'
import type { Console } from '../action/console/console.ts'
import { readInputs } from '../action/inputs.ts'
import { readEvent } from '../action/platform.ts'
import { sendPing } from '../action/sendPing.ts'
import type { Config } from '../config/load.ts'
import { type Lookup, resolvePingUrl } from '../config/resolveInstance.ts'
import type { SecretText } from '../config/secretValues.ts'
import { type PingEvent, pingHost, pingProblem, pingRequest, secretsOfPingUrl } from '../config/values/pingUrl.ts'
import { CancelledError, ConfigError } from '../errors.ts'
import { exitCode, type RunReport } from '../outcome.ts'
import { endText, type PingText, startText, unreportedText } from '../report/pingText.ts'
import type { CommandContext } from './commandContext.ts'
import { openVariables, readConfig } from './loadConfiguration.ts'

export interface Pings {
  /** Takes the address of the configuration, unless the input gives one. Returns the texts that are to be masked. */
  configure(config: Config, lookup: Lookup): Promise<readonly SecretText[]>
  /** Tells in the background that these instances are begun. */
  start(run: Pick<RunReport, 'host' | 'runUrl'>, ids: readonly string[]): void
  /** Tells how the run ended. `report` is redacted. */
  end(report: RunReport): Promise<void>
  /** Tells that an error ended the run before its report. */
  refused(error: unknown): Promise<void>
}

const ATTEMPTS = 3
const NONE: Pings = { configure: async () => [], start: () => {}, end: async () => {}, refused: async () => {} }

/** Opens the pings of a run, which know the address of the input. In a dry run nothing is ever sent. */
export function openPings(action: CommandContext): Pings {
  if (action.inputs.dryRun) return NONE
  const begunAt = Date.now()
  const give = (url: string) => ({ url, runUuid: uuidOf(action.job), begunAt, warn: warnOnce(action.console) })
  let watcher = action.inputs.pingUrl === null ? null : give(action.inputs.pingUrl)
  let starting: { readonly giveUp: AbortController; readonly sent: Promise<void> } | null = null
  let isEnded = false

  async function finish(event: PingEvent, text: PingText): Promise<void> {
    if (watcher === null || isEnded) return
    isEnded = true
    starting?.giveUp.abort() // what comes later must not arrive first
    await starting?.sent
    // GitHub ends a cancelled job within seconds
    await tell(watcher, event, text, { attempts: action.signal.aborted ? 1 : ATTEMPTS })
  }

  return {
    async configure(config, lookup) {
      if (watcher !== null) return watcherSecrets(watcher.url, 'the input ping-url')
      try {
        const filled = resolvePingUrl(config, lookup)
        if (filled === null) return []
        watcher = give(filled.url)
        return [
          ...watcherSecrets(filled.url, '`ping-url`'),
          ...filled.values.map(({ name, value }) => ({ value, origin: `the variable ${name}`, isCertain: true })),
        ]
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        await action.console.warning(`The watcher is told nothing: ${error.message}`)
        return []
      }
    },
    start(run, ids) {
      if (watcher === null) return
      const giveUp = new AbortController()
      const sent = tell(watcher, 'start', startText(run, ids), { attempts: ATTEMPTS, signal: giveUp.signal })
      starting = { giveUp, sent }
    },
    end(report) {
      const isGood = exitCode(report.result, action.inputs.allowPartial) === 0
      return finish(report.result === 'cancelled' ? 'log' : isGood ? 'success' : 'fail', endText(report))
    },
    refused(error) {
      const { runUrl } = action.event
      return error instanceof CancelledError
        ? finish('log', unreportedText(runUrl, 'cancelled'))
        : finish('fail', unreportedText(runUrl, 'failed: the run could not begin, or ended without a report'))
    },
  }
}

/**
 * Tells the watcher that the run of `job` was killed before it had reported. The address is read again, from the input or the
 * configuration, since the state that main saves must hold no secret. If it cannot be read, nothing is told: the watcher then misses the
 * end of the run.
 */
export async function pingKilled(env: NodeJS.ProcessEnv, console: Console, job: string): Promise<void> {
  const url = await urlAgain(env).catch(() => null)
  if (url === null) return
  const watcher = { url, runUuid: uuidOf(job), begunAt: Date.now(), warn: warnOnce(console) }
  const text = unreportedText(readEvent(env).runUrl, 'failed: the backup was killed before it could report')
  await tell(watcher, 'fail', text, { attempts: ATTEMPTS })
}

async function urlAgain(env: NodeJS.ProcessEnv): Promise<string | null> {
  const action = { env, inputs: readInputs(env), event: readEvent(env) }
  if (action.inputs.pingUrl !== null) return action.inputs.pingUrl
  return resolvePingUrl(await readConfig(action), openVariables(action).lookup)?.url ?? null
}

interface Watcher {
  readonly url: string
  readonly runUuid: string
  /** ms since 1970. */
  readonly begunAt: number
  readonly warn: (message: string) => Promise<void>
}

async function tell(
  { url, runUuid, begunAt, warn }: Watcher,
  event: PingEvent,
  text: PingText,
  options: { readonly attempts: number; readonly signal?: AbortSignal },
): Promise<void> {
  const problem = pingProblem(url)
  if (problem !== null) return warn(`The watcher is told nothing: ping-url ${problem}`)
  const ms = event === 'start' ? 0 : Date.now() - begunAt
  const request = pingRequest(url, event, { ...text, ms, runUuid })
  if (request === null) return
  const why = await sendPing(request, options)
  if (why !== null) await warn(`${pingHost(url)} was not told of this run by ping-url: ${why}`)
}

function watcherSecrets(url: string, origin: string): readonly SecretText[] {
  return secretsOfPingUrl(url).map((value) => ({ value, origin, isCertain: true }))
}

function warnOnce(console: Console): (message: string) => Promise<void> {
  let isSaid = false
  return async (message) => {
    if (isSaid) return
    isSaid = true
    await console.warning(message)
  }
}

/** Makes the UUID of a run from its job's id, so that `post` has the same. */
function uuidOf(job: string): string {
  const hex = createHash('sha256').update(job).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
