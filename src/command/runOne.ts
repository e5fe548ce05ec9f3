/** Runs one instance in its own section of the console, with its own log. */
import { existsSync } from 'node:fs'
import { isForStrangers } from '../action/platform.ts'
import type { RawInstance } from '../config/load.ts'
import type { Instance } from '../config/model.ts'
import { count } from '../format.ts'
import type { InstanceContext } from '../instance/context.ts'
import { previewInstance } from '../instance/preview.ts'
import { errorsOf, type InstanceOutcome } from '../instance/reportBuilder.ts'
import { runInstance } from '../instance/runInstance.ts'
import { openLog } from '../log/instanceLog.ts'
import type { InstanceReport } from '../outcome.ts'
import { withoutFileNames } from '../report/hideFileNames.ts'
import { failedByContainer, withLastWords } from '../report/lastWords.ts'
import type { Quotes } from '../report/quotes.ts'
import type { Redactor } from '../secrets/redaction.ts'
import type { CommandContext } from './commandContext.ts'

/** Path of an instance's log file, the redactor for its lines, and what is not shown where containers' lines are hidden. */
interface LogPlace {
  readonly path: string
  readonly redactor: Redactor
  readonly quotes: Quotes
}

/** Runs an instance or, in a dry run, previews it, and returns its whole report. What it prints goes to its section and its log. */
export async function runOne(
  action: CommandContext,
  context: InstanceContext,
  instance: Instance,
  { path, redactor, quotes }: LogPlace,
): Promise<InstanceReport> {
  const section = action.console.section(instance.id)
  const showsOutput = showsContainerLines(action)
  const known = new Set(shownAnyway(action, context, instance))
  const live = (lines: Buffer) =>
    section.lines(showsOutput ? lines : Buffer.from(withoutNames(lines.toString(), known)))
  const log = await openLog({ path, redactor, live, showsOutput, ...(showsOutput ? {} : { shown: quotes.hide }) })
  const now = () => new Date()
  const words = (outcome: InstanceOutcome) => ({
    tail: log.tail(),
    stderr: failedByContainer(outcome) ? log.stderr() : [],
  })
  let outcome: InstanceOutcome
  try {
    outcome = await (action.inputs.dryRun ? previewInstance : runInstance)(context, instance, log, now)
    // its words are the container's, which strangers do not see
    const shown = showsOutput ? words(outcome) : { tail: [], stderr: [] }
    await log.write('marina', lastLine({ ...outcome, ...shown }))
  } finally {
    await log.end()
    await section.end()
  }
  return {
    ...outcome,
    warnings: [...outcome.warnings, ...(log.problem === null ? [] : [log.problem])],
    why: outcome.why ?? context.reason.why,
    nextRun: context.reason.nextRun,
    log: existsSync(path) ? path : null,
    ...words(outcome),
  }
}

/**
 * Tells whether the job's log shows what containers print: as `show-logs` says or, if that is `auto`, unless strangers may read it.
 */
export function showsContainerLines({ inputs, event }: Pick<CommandContext, 'inputs' | 'event'>): boolean {
  if (inputs.showLogs !== 'auto') return inputs.showLogs
  return !isForStrangers(event)
}

/** Takes the names of files out of each line, but not those in `known`. */
function withoutNames(lines: string, known: ReadonlySet<string>): string {
  return lines
    .split('\n')
    .map((line) => withoutFileNames(line, known))
    .join('\n')
}

/** Returns the names and paths that need not be hidden, because everybody sees them in the configuration or on the run's page. */
function shownAnyway({ inputs }: CommandContext, { hostName }: InstanceContext, instance: Instance): readonly string[] {
  const targets = (instance.targets ?? []).map((target) => (target.kind === 'db' ? target.container : target.name))
  const images = [instance.customImage, instance.helperImage].flatMap((image) => image ?? [])
  return [inputs.config, hostName, instance.id, '/backup', '/backup.sh', ...targets, ...images]
}

/** Makes the last line of an instance's log: its status and why. If only targets failed, their errors are in the log already and are not repeated. */
function lastLine(one: Omit<InstanceReport, 'log' | 'nextRun'>): string {
  const { status, error, targets } = one
  if (error === null) return status
  const failed = targets.filter((target) => target.status === 'failed')
  const isOfTargets = failed.length > 0 && error === errorsOf(failed)
  return `${status}: ${isOfTargets ? `${failed.length} of ${count(targets.length, 'target')} failed` : withLastWords(one)}`
}

/**
 * Makes the report of an instance that was selected but not begun, or that ended by an error that nobody expected. `error` says why it
 * failed; `null` if it was skipped.
 */
export function notBegun(raw: RawInstance, status: 'failed' | 'skipped', error: string | null): InstanceReport {
  return {
    id: raw.id,
    line: raw.line,
    status,
    why: null,
    failedPhase: null,
    error,
    warnings: [],
    targets: [],
    phases: [],
    startedAt: null,
    seconds: 0,
    downtimeSeconds: null,
    notUp: [],
    unhealthy: [],
    postHookFailed: [],
    history: [],
    image: { reference: '', id: null, digest: null },
    exitCode: null,
    nextRun: null,
    log: null,
    tail: [],
    stderr: [],
  }
}
