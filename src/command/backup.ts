/** `backup`: runs the instances of this run, one after the other or in parallel, and reports on them. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type DockerHost, engineNow } from '../claim/host.ts'
import { sweepHost } from '../claim/sweep.ts'
import type { Instance } from '../config/model.ts'
import { engineAnswers } from '../docker/heartbeat.ts'
import { sayError } from '../errors.ts'
import type { InstanceContext, StartReason } from '../instance/context.ts'
import { type InstanceReport, type NotDue, type PastRun, type RunReport, runResult } from '../outcome.ts'
import type { Candidate, PlanItem } from '../schedule/planRun.ts'
import type { CommandContext } from './commandContext.ts'
import { openHostTargets } from './hostTargets.ts'
import type { PlannedInstance } from './loadConfiguration.ts'
import { type OpenHost, openHost } from './openHost.ts'
import { openPings, type Pings } from './pings.ts'
import { publish } from './publish.ts'
import { readScript } from './repositoryFiles.ts'
import { runAll } from './runAll.ts'
import { notBegun, runOne, showsContainerLines } from './runOne.ts'
import { openRunPlan, type RunPlan } from './runPlan.ts'
import { sayCoverage } from './sayCoverage.ts'
import { decideAll, hostsById, modeOf, NO_MEMORY, readMemory, sayDecisions } from './takeDue.ts'

/** Says why and what is left out of the job's log. */
const hiddenLines = ({ publicRepository }: CommandContext['event']) =>
  `${publicRepository === true ? 'The repository is public, so everybody can read this log' : 'The event does not say whether the repository is public, so strangers may read this log'}: what the backups print is left out of it, and so are the names of files. It is in the log directory on the runner; show-logs: true shows it here.`

/**
 * Runs the backups and returns the process's exit code. A wrong request (`InputError`), a wrong configuration (`ConfigError`) and a missing
 * engine (`DockerUnavailableError`) are thrown before anything is touched. A failure of an instance is not thrown.
 */
export async function backup(action: CommandContext): Promise<number> {
  const pings = openPings(action)
  try {
    return await backUp(action, pings)
  } catch (error) {
    await pings.refused(error)
    throw error
  }
}

async function backUp(action: CommandContext, pings: Pings): Promise<number> {
  const startedAt = new Date()
  const plan = await openRunPlan(action, pings.configure)
  const opened = await openHost(action, plan)
  if (action.event.problem !== null) await opened.host.warn(action.event.problem)
  if (action.inputs.showLogs === 'auto' && !showsContainerLines(action))
    await action.console.notice(hiddenLines(action.event))
  if (!action.inputs.dryRun) {
    await action.saveJob()
    await sweepHost(opened.host)
  }
  const folder = join(action.event.temp, `marina-${action.job}`)
  const logs = join(folder, 'logs')
  await mkdir(logs, { recursive: true }).catch(() => {}) // a disk that is full fails no backup: each log says so
  const decided = await decide(action, plan, opened.host)
  const hostName = plan.hostName ?? opened.host.engine.hostName
  const taken = decided.filter(({ item }) => item.isTaken)
  const selected = taken.map(({ one }) => one.raw.id)
  if (selected.length > 0) pings.start({ host: plan.redactor.text(hostName), runUrl: action.event.runUrl }, selected)
  const targets = openHostTargets({
    host: opened.host,
    config: plan.config,
    here: plan.here,
    settled: plan.instances,
    lookup: plan.lookup,
    signal: action.signal,
  })
  const work = { ...plan, taken, discover: targets.discover }
  const { reports, isEngineLost } = await runInstances(action, work, opened, logs)
  const coverage = isEngineLost || action.signal.aborted ? null : await targets.coverage()
  if (coverage !== null) await sayCoverage(action.console, opened.host, hostName, coverage)
  const report = reportOf(action, opened, reports, {
    host: hostName,
    startedAt,
    notDue: decided.filter(({ item }) => !item.isTaken).map(notDueOf),
    coverage,
  })
  return publish(action, report, {
    folder,
    logs,
    redactor: plan.redactor,
    quotes: opened.quotes,
    selected,
    pings,
  })
}

/** A selected instance, and what was decided about it. */
interface Decided {
  readonly one: PlannedInstance
  readonly item: PlanItem
  /** The runs that the host remembers, the latest first; empty if the host was not asked. */
  readonly past: readonly PastRun[]
}

/** Decides which of the selected instances are run, and prints that, if the schedule decides or the run is repeated. */
async function decide(action: CommandContext, plan: RunPlan, host: DockerHost): Promise<readonly Decided[]> {
  const { inputs, console, event } = action
  const isDue = isBySchedule(action) || event.attempt > 1
  const ids = plan.instances.map(({ raw }) => raw.id)
  const memory = isDue ? await readMemory(host, ids) : NO_MEMORY
  const candidates = plan.instances.map((one) => candidateOf(one, inputs.instances))
  const items = await decideAll(action, { candidates, hosts: hostsById(plan.config), memory, now: engineNow(host) })
  const decided = items.map((item, index) => ({
    item,
    one: plan.instances[index] as PlannedInstance,
    past: memory.records.get(item.id)?.runs ?? [],
  }))
  if (isDue) await sayDecisions(console, items)
  return decided
}

/** Tells whether the run counts as a start by schedule. */
function isBySchedule({ inputs, event }: CommandContext): boolean {
  return event.name === 'schedule' || modeOf(inputs.select, event.name) === 'due'
}

function candidateOf(one: PlannedInstance, named: readonly string[]): Candidate {
  const { id } = one.raw
  const isNamed = named.includes(id) && !one.raw.scheduleIsOpen // a plan names what only its host can decide
  if (one.ok) return { id, schedule: one.instance.schedule, isOpen: false, catchUp: one.instance.catchUp, isNamed }
  // one that cannot be resolved fails, but only when its time has come
  return { id, schedule: one.raw.schedule, isOpen: one.raw.scheduleIsOpen, catchUp: true, isNamed }
}

function notDueOf({ one, item, past }: Decided): NotDue {
  const last = [
    past[0],
    past.find(({ status }) => status === 'success'),
    past.find(({ status }) => status === 'partial'),
  ]
  const history = [...new Set(last)].flatMap((run) =>
    run === undefined ? [] : [{ startedAt: run.startedAt, status: run.status }],
  )
  return { id: item.id, why: item.why, nextRun: item.next?.toISOString() ?? null, line: one.raw.line, history }
}

/** Deadline of the question whether the engine answers again, ms. After the engine was lost, it is asked once before each further instance. */
const ASK_AGAIN_MS = 5_000
const LOST = 'it was not begun, since the engine does not answer any more: see that it runs, and run the backup again'

/** Runs the instances, at most `max-parallel` at a time. Returns their reports in the order of the plan. `logs` is the folder of their logs. */
async function runInstances(
  action: CommandContext,
  plan: RunPlan & { readonly taken: readonly Decided[]; readonly discover: InstanceContext['discover'] },
  { host, quotes }: OpenHost,
  logs: string,
): Promise<{ readonly reports: readonly InstanceReport[]; readonly isEngineLost: boolean }> {
  const { event, inputs, signal } = action
  const isScheduled = isBySchedule(action)
  let isEngineLost = false
  const context = (instance: Instance, item: PlanItem): InstanceContext => ({
    host,
    reason: reasonOf(item, isScheduled),
    hostName: instance.nodeName ?? plan.hostName ?? host.engine.hostName,
    runUrl: event.runUrl,
    lockWaitMs: plan.lockWaitMs,
    signal,
    readScript: (file) => readScript({ workspace: event.workspace, configFile: inputs.config }, file),
    discover: plan.discover,
    hide: plan.hide,
    onEngineLost: () => {
      isEngineLost = true
    },
    pending: (one) => (plan.hostNameProblem !== null && one.nodeName === null ? [plan.hostNameProblem] : []),
  })
  const begin = async ({ one, item }: Decided) => {
    if (!one.ok) return notBegun(one.raw, 'failed', one.error.message)
    if (isEngineLost && !(await engineAnswers(host.docker, ASK_AGAIN_MS))) return notBegun(one.raw, 'failed', LOST)
    const { instance } = one
    const path = join(logs, `${one.raw.id}.log`)
    return runOne(action, context(instance, item), instance, { path, redactor: plan.redactor, quotes })
  }
  // an error that nobody expected is that instance's alone: the reports of the others must not be lost
  const work = (decided: Decided) =>
    begin(decided).catch((error: unknown) => notBegun(decided.one.raw, 'failed', sayError(error)))
  const pace = { atOnce: inputs.maxParallel, cancel: signal }
  const reports = await runAll(plan.taken, pace, work, ({ one }) => notBegun(one.raw, 'skipped', null))
  return { reports, isEngineLost }
}

function reasonOf({ slot, why, next }: PlanItem, isScheduled: boolean): StartReason {
  return { isScheduled, slot: slot?.getTime() ?? null, why, nextRun: next?.toISOString() ?? null }
}

function reportOf(
  { event, inputs, signal }: CommandContext,
  { host: { engine }, errors, warnings }: OpenHost,
  instances: readonly InstanceReport[],
  { host, startedAt, notDue, coverage }: Pick<RunReport, 'host' | 'notDue' | 'coverage'> & { readonly startedAt: Date },
): RunReport {
  return {
    version: 1,
    result: runResult(
      instances.map((one) => one.status),
      { cancelled: signal.aborted, errors },
    ),
    dryRun: inputs.dryRun,
    host,
    repository: event.repository,
    runUrl: event.runUrl,
    runId: event.runId,
    attempt: event.attempt,
    configFile: inputs.config,
    startedAt: startedAt.toISOString(),
    seconds: (Date.now() - startedAt.getTime()) / 1000,
    engine: { version: engine.version, apiVersion: engine.apiVersion },
    errors,
    warnings,
    instances,
    notDue,
    coverage,
  }
}
