/**
 * `restore`: brings a backup of one instance back, into new volumes or into place. It runs only when somebody starts it by hand and says
 * what is meant.
 */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { restoreOutputs } from '../action/outputs.ts'
import { sweepHost } from '../claim/sweep.ts'
import { InputError } from '../errors.ts'
import type { StartReason } from '../instance/context.ts'
import { openLog } from '../log/instanceLog.ts'
import type { InstanceReport, RestoreReport, RestoreResult } from '../outcome.ts'
import { failedByContainer, withLastWords } from '../report/lastWords.ts'
import { publicRestore } from '../report/publicPage.ts'
import { renderRestore, untouched } from '../report/restorePage.ts'
import { isPointId } from '../restore/points.ts'
import { restoreInstance } from '../restore/restoreInstance.ts'
import type { CommandContext } from './commandContext.ts'
import { type OpenHost, openHost } from './openHost.ts'
import { publishReport } from './publishReport.ts'
import { restoreContext } from './restoreContext.ts'
import { notBegun, showsContainerLines } from './runOne.ts'
import { openRunPlan, type RunPlan } from './runPlan.ts'

const BY_HAND: StartReason = { isScheduled: false, slot: null, why: 'a restore was started by hand', nextRun: null }

/**
 * Restores, or lists the points of an instance, and returns the exit code. Throws `InputError` unless it is clear that somebody means it,
 * `ConfigError` for a wrong configuration, and `DockerUnavailableError` without an engine, all before anything is touched; an instance of
 * another host is refused only after the clean-up of this one.
 */
export async function restore(action: CommandContext): Promise<number> {
  checkRequest(action)
  const startedAt = new Date()
  const plan = await openRunPlan(action, async () => [])
  const opened = await openHost(action, plan)
  await action.saveJob()
  await sweepHost(opened.host)
  const folder = join(action.event.temp, `marina-${action.job}`)
  const logs = join(folder, 'logs')
  await mkdir(logs, { recursive: true }).catch(() => {}) // the log says so
  const report = await restoreOne(action, plan, { opened, logs, startedAt })
  await publishRestore(action, { report, plan, opened, folder, logs })
  return report.result === 'restored' || report.result === 'listed' ? 0 : 1
}

/** Throws an `InputError` unless the event and the inputs say clearly what is to be restored. */
function checkRequest({ inputs, event }: CommandContext): void {
  const { instances, into, confirm, point, targets } = inputs
  if (event.name !== 'workflow_dispatch')
    throw new InputError(
      `A restore runs only when somebody starts it by hand (workflow_dispatch), and not on ${event.name === '' ? 'no event at all' : `"${event.name}"`}`,
    )
  const [id, ...more] = instances
  if (id === undefined || more.length > 0)
    throw new InputError(`instances must name the one instance to restore, and it names ${instances.length}`)
  if (point !== '' && !isPointId(point))
    throw new InputError(
      `point is "${point.slice(0, 100)}": write latest or an id that the list of points has. Leave it empty to get that list`,
    )
  if (point === '' && (into === 'place' || targets.length > 0))
    throw new InputError(
      'point is empty, which lists the points: with into: place or targets, write the point to restore, or latest',
    )
  if (into === 'place' && confirm !== id)
    throw new InputError(
      `into: place replaces the data of ${id}: write its id into confirm${confirm === '' ? '' : `, which is "${confirm.slice(0, 100)}"`}`,
    )
  if (into === 'new' && confirm !== '')
    throw new InputError(
      'confirm belongs to into: place. With into: new nothing that exists is changed: leave confirm out',
    )
}

interface Surroundings {
  readonly opened: OpenHost
  readonly logs: string
  readonly startedAt: Date
}

async function restoreOne(
  action: CommandContext,
  plan: RunPlan,
  { opened, logs, startedAt }: Surroundings,
): Promise<RestoreReport> {
  const { inputs, event } = action
  const [one] = plan.instances
  if (one === undefined) throw new InputError('instances names no instance of this host')
  const { host } = opened
  const base = {
    version: 1,
    dryRun: inputs.dryRun,
    host: plan.hostName ?? host.engine.hostName,
    repository: event.repository,
    runUrl: event.runUrl,
    configFile: inputs.config,
    into: inputs.into,
    point: inputs.point,
  } as const
  const nothing = { backupOf: null, points: [], restored: [] }
  const ended = (instance: InstanceReport, facts: Pick<RestoreReport, 'backupOf' | 'points' | 'restored'>) => ({
    ...base,
    ...facts,
    instance,
    result: resultOf(instance, inputs.point, opened.errors),
    errors: opened.errors,
    warnings: opened.warnings,
  })
  if (!one.ok) return ended(notBegun(one.raw, 'failed', one.error.message), nothing)
  const { instance } = one
  const path = join(logs, `${instance.id}.log`)
  const section = action.console.section(instance.id)
  const showsOutput = showsContainerLines(action)
  const log = await openLog({
    path,
    redactor: plan.redactor,
    live: section.lines,
    showsOutput,
    ...(showsOutput ? {} : { shown: opened.quotes.hide }),
  })
  try {
    const context = restoreContext(action, plan, { instance, host, reason: BY_HAND })
    const { outcome, ...facts } = await restoreInstance(context, instance, log, {
      point: inputs.point === '' ? null : inputs.point,
      targets: inputs.targets,
      into: inputs.into,
      keepsOld: inputs.keepOld,
      dryRun: inputs.dryRun,
    })
    await log.write('marina', outcome.error === null ? 'done' : `${outcome.status}: ${outcome.error}`)
    await log.end()
    const words = showsOutput
      ? { tail: log.tail(), stderr: failedByContainer(outcome) ? log.stderr() : [] }
      : { tail: [], stderr: [] }
    const warnings = [...outcome.warnings, ...(log.problem === null ? [] : [log.problem])]
    const whole = { ...outcome, ...words, warnings, nextRun: null, log: existsSync(path) ? path : null }
    return ended({ ...whole, startedAt: outcome.startedAt ?? startedAt.toISOString() }, facts)
  } finally {
    await log.end()
    await section.end()
  }
}

function resultOf({ status }: InstanceReport, point: string, errors: readonly string[]): RestoreResult {
  if (errors.length > 0 || status === 'failed' || status === 'partial') return 'failed'
  if (status === 'cancelled') return 'cancelled'
  return point === '' ? 'listed' : 'restored'
}

interface Published {
  readonly report: RestoreReport
  readonly plan: RunPlan
  readonly opened: OpenHost
  readonly folder: string
  readonly logs: string
}

function publishRestore(action: CommandContext, { report, plan, opened, folder, logs }: Published): Promise<void> {
  return publishReport(action, report, {
    name: `restore-${report.instance.id}`,
    fileName: 'restore.json',
    logs: [report.instance.log].flatMap((log) => log ?? []),
    folder,
    logDirectory: logs,
    redactor: plan.redactor,
    quotes: opened.quotes,
    hide: publicRestore,
    annotate: (visible) => annotate(action, visible),
    render: renderRestore,
    outputs: restoreOutputs,
  })
}

async function annotate({ console, inputs }: CommandContext, report: RestoreReport): Promise<void> {
  const { instance, result } = report
  const { id, line, error, warnings } = instance
  const at = { file: inputs.config, line }
  const fate = untouched(report)
  if (error !== null)
    await console.error(`${id}: ${withLastWords(instance)}${fate === null ? '' : `. ${fate}`}`, {
      ...at,
      title: `Restore ${id}: ${result}`,
    })
  for (const warning of warnings) await console.warning(`${id}: ${warning}`, at)
}
