/** `drill`: proves that backups can be restored. It restores the newest point of each instance beside everything that runs, and looks at it. */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { drillOutputs } from '../action/outputs.ts'
import { sweepHost } from '../claim/sweep.ts'
import { type DrillOutcome, drillInstance } from '../drill/drillInstance.ts'
import type { DrilledInstance, DrillReport } from '../drillReport.ts'
import { sayError } from '../errors.ts'
import { openLog } from '../log/instanceLog.ts'
import { drillResult } from '../outcome.ts'
import { renderDrill } from '../report/drillPage.ts'
import { addLastWords } from '../report/lastWords.ts'
import { publicDrill } from '../report/publicPage.ts'
import type { CommandContext } from './commandContext.ts'
import type { PlannedInstance } from './loadConfiguration.ts'
import { type OpenHost, openHost } from './openHost.ts'
import { publishReport } from './publishReport.ts'
import { restoreContext } from './restoreContext.ts'
import { runAll } from './runAll.ts'
import { showsContainerLines } from './runOne.ts'
import { openRunPlan, type RunPlan } from './runPlan.ts'
import { hasDrill, type TakenDrill, takeDrills } from './takeDrills.ts'
import { modeOf } from './takeDue.ts'

/**
 * Drills the instances that are due, or those that are named, and returns the exit code: 1 if a backup is bad, if an application that an
 * earlier run stopped is not up, or after a cancel. Throws `InputError`, `ConfigError` and `DockerUnavailableError` before anything is
 * touched.
 */
export async function drill(action: CommandContext): Promise<number> {
  const startedAt = new Date()
  const plan = await openRunPlan(action, async () => [])
  const opened = await openHost(action, plan)
  await action.saveJob()
  await sweepHost(opened.host)
  const folder = join(action.event.temp, `marina-${action.job}`)
  const logs = join(folder, 'logs')
  await mkdir(logs, { recursive: true }).catch(() => {}) // the log says so
  const taken = await takeDrills(action, plan, opened)
  const instances = await runAll(
    taken,
    { atOnce: action.inputs.maxParallel, cancel: action.signal },
    (one) =>
      drillOne(action, plan, { one, opened, logs }).catch((error: unknown) => notDrilled(one.one, sayError(error))),
    ({ one }) => notDrilled(one, 'it was not begun, since the run was cancelled', 'inconclusive'),
  )
  const report = reportOf(action, plan, { opened, startedAt, instances })
  const due = taken.map(({ one }) => one.raw.id)
  await publishDrill(action, report, { plan, opened, folder, logs, due, whyNone: whyNone(action, plan) })
  return report.result === 'failed' || action.signal.aborted ? 1 : 0
}

/** Says why a drill that takes no instance takes none, and what helps. */
function whyNone({ inputs }: CommandContext, plan: RunPlan): string {
  if (plan.instances.some((one) => hasDrill(plan, one))) return 'no drill is due now'
  const which = inputs.instances.length === 0 ? `no instance of ${inputs.config}` : 'none of the chosen instances'
  return `${which} has a drill: give one the key drill, or name an instance in the input instances of a run by hand`
}

interface Surroundings {
  readonly one: TakenDrill
  readonly opened: OpenHost
  readonly logs: string
}

async function drillOne(
  action: CommandContext,
  plan: RunPlan,
  { one: { one, item }, opened, logs }: Surroundings,
): Promise<DrilledInstance> {
  if (!one.ok) return notDrilled(one, one.error.message)
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
    const isScheduled = modeOf(action.inputs.select, action.event.name) === 'due'
    const reason = { isScheduled, slot: null, why: item.why, nextRun: item.next?.toISOString() ?? null }
    const context = restoreContext(action, plan, { instance, host: opened.host, reason })
    const outcome: DrillOutcome = await drillInstance(context, instance, log)
    await log.write('marina', outcome.error === null ? outcome.verdict : `${outcome.verdict}: ${outcome.error}`)
    await log.end()
    const warnings = [...outcome.warnings, ...(log.problem === null ? [] : [log.problem])]
    // the image's words explain only that it did not restore
    const isOfImage = outcome.restoreSeconds === null && outcome.error !== null
    const stderr = isOfImage ? log.stderr() : []
    return { ...outcome, warnings, stderr, log: existsSync(path) ? path : null }
  } finally {
    await log.end()
    await section.end()
  }
}

/** Makes the report of an instance that was selected but not begun, or whose drill ended by an error that nobody expected. */
function notDrilled(
  { raw }: PlannedInstance,
  error: string,
  verdict: DrilledInstance['verdict'] = 'failed',
): DrilledInstance {
  return {
    id: raw.id,
    line: raw.line,
    verdict,
    error,
    warnings: [],
    point: null,
    backupOf: null,
    ageSeconds: null,
    maxAgeSeconds: null,
    rpoMet: null,
    restoreSeconds: null,
    maxDurationSeconds: null,
    rtoMet: null,
    checks: [],
    hashes: [],
    rows: [],
    images: [],
    controls: [],
    tries: 0,
    phases: [],
    startedAt: null,
    seconds: 0,
    history: [],
    log: null,
    stderr: [],
  }
}

function reportOf(
  { event, inputs }: CommandContext,
  plan: RunPlan,
  {
    opened: { host, errors, warnings },
    startedAt,
    instances,
  }: { readonly opened: OpenHost; readonly startedAt: Date; readonly instances: readonly DrilledInstance[] },
): DrillReport {
  const { version, apiVersion } = host.engine
  return {
    version: 1,
    result: errors.length > 0 ? 'failed' : drillResult(instances.map(({ verdict }) => verdict)),
    host: plan.hostName ?? host.engine.hostName,
    repository: event.repository,
    runUrl: event.runUrl,
    runId: event.runId,
    attempt: event.attempt,
    configFile: inputs.config,
    startedAt: startedAt.toISOString(),
    seconds: (Date.now() - startedAt.getTime()) / 1000,
    engine: { version, apiVersion },
    errors,
    warnings,
    instances,
  }
}

interface PublishPlace {
  readonly plan: RunPlan
  readonly opened: OpenHost
  readonly folder: string
  readonly logs: string
  readonly due: readonly string[]
  readonly whyNone: string
}

function publishDrill(
  action: CommandContext,
  report: DrillReport,
  { plan, opened, folder, logs, due, whyNone }: PublishPlace,
): Promise<void> {
  return publishReport(action, report, {
    name: `drill-${report.host}`,
    fileName: 'drill.json',
    logs: report.instances.flatMap(({ log }) => log ?? []),
    folder,
    logDirectory: logs,
    redactor: plan.redactor,
    quotes: opened.quotes,
    hide: publicDrill,
    annotate: (visible) => annotate(action, visible, whyNone),
    render: (page) => renderDrill({ ...page, whyNone }),
    outputs: (whole, places) => drillOutputs(whole, { ...places, due }),
  })
}

/** Writes an error for each bad backup, a warning for each drill that could not be made, and a notice where there was nothing to drill. */
async function annotate(
  { console, inputs }: CommandContext,
  { instances }: DrillReport,
  whyNone: string,
): Promise<void> {
  if (instances.length === 0) await console.notice(`Nothing to drill: ${whyNone}`)
  for (const { id, line, verdict, error, stderr, warnings } of instances) {
    const at = { file: inputs.config, line }
    const title = `Drill ${id}: ${verdict}`
    const why = addLastWords(error ?? verdict, stderr)
    if (verdict === 'failed') await console.error(`${id}: ${why}`, { ...at, title })
    if (verdict === 'inconclusive') await console.warning(`${id}: inconclusive: ${why}`, at)
    if (verdict === 'nothing-to-drill') await console.notice(`${id}: nothing to drill: ${error}`, at)
    for (const warning of warnings) await console.warning(`${id}: ${warning}`, at)
  }
}
