/** `drill`: proves that backups can be restored. It restores the newest point of each instance beside everything that runs, and looks at it. */
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { artifactName, uploadArtifact } from '../action/artifact.ts'
import { drillOutputs, setOutputs } from '../action/outputs.ts'
import { readPages } from '../action/pages.ts'
import { isForStrangers } from '../action/platform.ts'
import { openSummary } from '../action/stepSummary.ts'
import { engineNow } from '../claim/host.ts'
import { sweepHost } from '../claim/sweep.ts'
import { isTreeMap, treeAt } from '../config/yaml.ts'
import { type DrillOutcome, drillInstance } from '../drill/drillInstance.ts'
import type { DrilledInstance, DrillReport } from '../drillReport.ts'
import { sayError } from '../errors.ts'
import { openLog } from '../log/instanceLog.ts'
import { drillResult, type PastDrill, type PastRun } from '../outcome.ts'
import { renderDrill } from '../report/drillPage.ts'
import { redactReport } from '../report/redact.ts'
import type { Candidate, PlanItem } from '../schedule/planRun.ts'
import type { CommandContext } from './commandContext.ts'
import type { PlannedInstance } from './loadConfiguration.ts'
import { type OpenHost, openHost } from './openHost.ts'
import { restoreContext } from './restoreContext.ts'
import { runAll } from './runAll.ts'
import { showsContainerLines } from './runOne.ts'
import { openRunPlan, type RunPlan } from './runPlan.ts'
import { decideAll, hostsById, type Memory, modeOf, NO_MEMORY, readMemory, sayDecisions } from './takeDue.ts'

const UPLOAD_MS = 120_000

/**
 * Drills the instances that are due, or those that are named, and returns the exit code: 1 if a backup is bad, or after a cancel. Throws
 * `InputError`, `ConfigError` and `DockerUnavailableError` before anything is touched.
 */
export async function drill(action: CommandContext): Promise<number> {
  const startedAt = new Date()
  const plan = await openRunPlan(action, async () => [])
  const opened = await openHost(action, plan.redactor)
  await action.saveJob()
  await sweepHost(opened.host)
  const logs = join(action.event.temp, `marina-${action.job}`, 'logs')
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
  await publishDrill(action, report, { plan, opened, logs, due: taken.map(({ one }) => one.raw.id) })
  return report.result === 'failed' || action.signal.aborted ? 1 : 0
}

interface Taken {
  readonly one: PlannedInstance
  readonly item: PlanItem
}

/**
 * Decides which of the selected instances are drilled, and says so: on a schedule those that are due, by hand those that have a `drill` or
 * are named.
 */
async function takeDrills(action: CommandContext, plan: RunPlan, { host }: OpenHost): Promise<readonly Taken[]> {
  const { inputs, event, console } = action
  const mode = modeOf(inputs.select, event.name)
  const hasDrill = ({ raw }: PlannedInstance) => isTreeMap(treeAt(plan.config.tree, ['instances', raw.index, 'drill']))
  const wanted = plan.instances.filter(
    (one) => inputs.select === 'all' || hasDrill(one) || inputs.instances.includes(one.raw.id),
  )
  const ids = wanted.map(({ raw }) => raw.id)
  const isDue = mode === 'due' || event.attempt > 1
  const memory = isDue ? drillsOf(await readMemory(host, ids)) : NO_MEMORY
  const candidates = wanted.map((one): Candidate => {
    const base = { id: one.raw.id, catchUp: true, isNamed: inputs.instances.includes(one.raw.id) }
    // one that cannot be resolved fails: nobody knows when it is due
    return one.ok
      ? { ...base, schedule: one.instance.drill?.schedule ?? null, isOpen: false }
      : { ...base, schedule: null, isOpen: true }
  })
  const items = await decideAll(action, { candidates, hosts: hostsById(plan.config), memory, now: engineNow(host) })
  if (isDue) await sayDecisions(console, items)
  return items.flatMap((item, index) => (item.isTaken ? [{ one: wanted[index] as PlannedInstance, item }] : []))
}

/** Makes of the memory of backups that of drills, in the form in which the rule of what is due reads it. */
export function drillsOf({ records }: Memory): Memory {
  const asRun = ({ verdict, startedAt, isScheduled, restoreSeconds, runId, attempt }: PastDrill): PastRun => {
    const status = verdict === 'proven' || verdict === 'nothing-to-drill' ? 'success' : 'failed'
    return { startedAt, status, isScheduled, seconds: restoreSeconds, bytes: null, runId, attempt }
  }
  return {
    goingOn: new Map(),
    records: new Map(
      [...records].flatMap(([id, record]) => {
        const last = record.drills.find(({ isScheduled }) => isScheduled)
        const lastScheduled = last === undefined ? null : Date.parse(last.startedAt)
        // a record of backups alone says nothing of drills
        return record.drills.length === 0 ? [] : [[id, { ...record, lastScheduled, runs: record.drills.map(asRun) }]]
      }),
    ),
  }
}

interface Surroundings {
  readonly one: Taken
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
    const context = restoreContext(action, plan, opened.host, reason)
    const outcome: DrillOutcome = await drillInstance(context, instance, log)
    await log.write('marina', outcome.error === null ? outcome.verdict : `${outcome.verdict}: ${outcome.error}`)
    await log.end()
    const warnings = [...outcome.warnings, ...(log.problem === null ? [] : [log.problem])]
    const stderr = outcome.verdict === 'proven' ? [] : log.stderr()
    return { ...outcome, warnings, stderr, log: existsSync(path) ? path : null }
  } finally {
    await log.end()
    await section.end()
  }
}

/** Makes the report of an instance that was selected but not begun. */
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
  readonly logs: string
  readonly due: readonly string[]
}

async function publishDrill(
  action: CommandContext,
  report: DrillReport,
  { plan, opened, logs, due }: PublishPlace,
): Promise<void> {
  const { console, env, event, inputs } = action
  const isPublic = isForStrangers(event)
  await console.settle()
  const whole = redactReport(report, plan.redactor.text)
  const visible = isPublic ? redactReport(whole, opened.quotes.hide) : whole
  await annotate(action, visible)
  const path = join(logs, 'drill.json')
  const isWritten = await writeFile(path, `${JSON.stringify(whole, null, 2)}\n`).then(
    () => true,
    async (error: Error) => {
      await console.warning(`The report could not be written: ${error.message}`)
      return false
    },
  )
  const summary = await openSummary(env)
  const { workflow } = readPages(env, inputs.config)
  const unwritten = await summary.write(
    renderDrill({ report: visible, workflow, isPublic, limitBytes: summary.roomBytes }),
  )
  if (unwritten !== null) await console.warning(unwritten)
  await action.saveReported()
  const places = { logDirectory: logs, due, ...(isWritten ? { report: path } : {}) }
  await setOutputs(drillOutputs(whole, places)).catch((error: Error) =>
    console.warning(`The outputs could not be written: ${error.message}`),
  )
  if (!action.signal.aborted && isWritten) {
    const showsLogs = inputs.uploadLogs === 'auto' ? !isPublic : inputs.uploadLogs
    const uploaded = await uploadArtifact(
      {
        name: artifactName(inputs.artifactName, `drill-${report.host}`, event.attempt),
        files: [path, ...(showsLogs ? report.instances.flatMap(({ log }) => log ?? []) : [])],
        rootDirectory: logs,
        retentionDays: inputs.artifactRetentionDays,
        deadlineMs: UPLOAD_MS,
      },
      env,
    )
    if (uploaded.kind === 'uploaded')
      await setOutputs(drillOutputs(whole, { ...places, artifact: uploaded })).catch(() => {})
  }
  await console.info(`${report.result}. Logs: ${logs}`)
}

/** Writes an error for each bad backup, a warning for each drill that could not be made, and a notice where there was nothing to drill. */
async function annotate({ console, inputs }: CommandContext, { instances }: DrillReport): Promise<void> {
  if (instances.length === 0) await console.notice('Nothing to drill: no instance has a drill that is due')
  for (const { id, line, verdict, error, warnings } of instances) {
    const at = { file: inputs.config, line }
    const title = `Drill ${id}: ${verdict}`
    if (verdict === 'failed') await console.error(`${id}: ${error}`, { ...at, title })
    if (verdict === 'inconclusive') await console.warning(`${id}: inconclusive: ${error}`, at)
    if (verdict === 'nothing-to-drill') await console.notice(`${id}: nothing to drill: ${error}`, at)
    for (const warning of warnings) await console.warning(`${id}: ${warning}`, at)
  }
}
