/** Joins the reports of all hosts of a fleet's run into one, and says which host's is missing. Pure. */
import { count } from '../format.ts'
import { exitCode, type InstanceReport, type RunReport, runResult } from '../outcome.ts'

/** Conclusions of a job, in GitHub's words. */
const JOB_RESULTS = ['success', 'failure', 'cancelled', 'skipped'] as const
export type JobResult = (typeof JOB_RESULTS)[number]

/** Facts that a summary's job has of the jobs before it: the value of the input `fleet`. */
export interface FleetJobs {
  readonly plan: JobResult
  /** The worst result of all backup jobs. */
  readonly backup: JobResult
  /** The attempt of the run in which the plan was made. A report of an earlier one is out of date. */
  readonly attempt: number
  /** Names of the hosts that have a backup job, as the matrix calls them. */
  readonly hosts: readonly string[]
}

/** Reads the input `fleet`; throws an `Error` that says what is wrong with it. */
export function parseFleetJobs(text: string): FleetJobs {
  const value: unknown = JSON.parse(text)
  if (!isObject(value)) throw new Error('it is no JSON object')
  const { plan, backup, attempt, hosts } = value
  if (!isJobResult(plan) || !isJobResult(backup))
    throw new Error(`\`plan\` and \`backup\` must each be one of ${JOB_RESULTS.join(', ')}`)
  if (!Number.isInteger(attempt)) throw new Error('`attempt` must be a number')
  const names = hosts ?? [] // act's name for an empty list
  if (!isArrayOf(names, isString)) throw new Error('`hosts` must be a list of names')
  return { plan, backup, attempt: attempt as number, hosts: [...new Set(names)] }
}

/** Reads the text of a `report.json`. If it cannot be used, returns why, in words that end a sentence, such as `it is no JSON`. */
export function parseReport(text: string): RunReport | string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'it is no JSON'
  }
  if (!isObject(value)) return 'it is no JSON object'
  if (value.version !== 1) return `it has version ${String(value.version)}, and this version of Marina reads version 1`
  const isWhole =
    isString(value.result) &&
    isString(value.startedAt) &&
    typeof value.seconds === 'number' &&
    isArrayOf(value.errors, isString) &&
    isArrayOf(value.warnings, isString) &&
    isArrayOf(value.notDue, isObject) &&
    isArrayOf(value.instances, isInstance)
  return isWhole ? (value as unknown as RunReport) : 'it lacks a part'
}

/**
 * Returns the report without what the joined page does not show: the last lines and the phases of backups that went well. Ten thousand of
 * them must fit in memory.
 */
export function slimReport(report: RunReport): RunReport {
  const slim = (one: InstanceReport): InstanceReport =>
    one.status === 'success' ? { ...one, tail: [], stderr: [], phases: [] } : one
  return { ...report, instances: report.instances.map(slim) }
}

/** One host of the fleet: its report, or the reason why there is none, and the ids that it was to back up (empty if that is not known). */
export type FleetHost = { readonly name: string } & (
  | { readonly report: RunReport; readonly missing: null }
  | { readonly report: null; readonly missing: string; readonly due: readonly string[] }
)

/** Reads the ids that each host was to back up from the text of a `plan.json`; empty if it cannot be read. Never throws. */
export function parseDue(text: string): ReadonlyMap<string, readonly string[]> {
  try {
    const plan: unknown = JSON.parse(text)
    const rows = isObject(plan) && Array.isArray(plan.instances) ? plan.instances.filter(isObject) : []
    const due = new Map<string, string[]>()
    for (const { id, host, isDue } of rows) {
      if (!isString(id) || !isString(host) || isDue !== true) continue
      const ids = due.get(host) ?? []
      ids.push(id)
      due.set(host, ids)
    }
    return due
  } catch {
    return new Map()
  }
}

export interface Fleet {
  readonly hosts: readonly FleetHost[]
  /** The result of all reports that are there. */
  readonly reported: RunReport['result']
  /** All instances of all hosts as one run. The run's errors and warnings, and the containers of the instances, name their host. */
  readonly run: RunReport
  /** Failures of the run itself, a sentence each: the plan, or a host without a report. */
  readonly problems: readonly string[]
}

/** The facts of the run that the reports do not tell. */
export type FleetFacts = Pick<RunReport, 'repository' | 'runUrl' | 'runId' | 'attempt' | 'configFile'>

/**
 * Joins the reports. The run has failed if a report has, if the plan did not succeed, if a host has no report, if backup jobs that were due
 * did not run, or if a job failed although every report is good. A run that was cancelled is `cancelled` rather than `failed`, unless a
 * report tells of a failure.
 */
export function joinFleet(
  jobs: FleetJobs,
  hosts: readonly FleetHost[],
  facts: FleetFacts,
  allowPartial: boolean,
): Fleet {
  const reports = hosts.flatMap(({ name, report }) => (report === null ? [] : [{ name, report }]))
  const instances = reports.flatMap(({ name, report }) => report.instances.map((one) => withHost(name, one)))
  const errors = reports.flatMap(({ name, report }) => report.errors.map((error) => `on host ${name}: ${error}`))
  const cancelled =
    [jobs.plan, jobs.backup].includes('cancelled') || reports.some(({ report }) => report.result === 'cancelled')
  const statuses = instances.map(({ status }) => status)
  const joined = runResult(statuses, { cancelled, errors })
  const problems = problemsOf(jobs, hosts, exitCode(joined, allowPartial) === 0)
  const startedAt = reports.map(({ report }) => report.startedAt).sort()[0] ?? ''
  return {
    hosts,
    reported: joined,
    problems,
    run: {
      version: 1,
      ...facts,
      result: problems.length === 0 || joined === 'cancelled' ? joined : 'failed',
      dryRun: reports.length > 0 && reports.every(({ report }) => report.dryRun),
      host: count(jobs.hosts.length, 'host'),
      startedAt,
      seconds: spanSeconds(startedAt, reports),
      engine: null,
      errors,
      warnings: joinWarnings(reports),
      instances,
      notDue: reports.flatMap(({ report }) => report.notDue),
      coverage: null, // each host's own report tells it
    },
  }
}

function problemsOf(
  { plan, backup, hosts: planned }: FleetJobs,
  hosts: readonly FleetHost[],
  isGood: boolean,
): readonly string[] {
  if (plan !== 'success') {
    const how = { failure: 'failed', cancelled: 'was cancelled', skipped: 'did not run' }[plan]
    return [`the plan ${how}, so that no backup was started: its job says why`]
  }
  const missing = hosts.flatMap((host) => {
    if (host.missing === null) return []
    const which = host.due.length === 0 ? '' : `: ${shortList(host.due, IDS_NAMED)}`
    return [
      `there is no report of host ${host.name} (${host.missing}), so nothing tells that its backups were made${which}`,
    ]
  })
  if (missing.length > 0) return missing
  if (backup === 'skipped' && planned.length > 0)
    return ['the backup jobs did not run, although backups were due: see why in the workflow']
  return backup === 'failure' && isGood
    ? ['a backup job failed, although the report of every host is good: the red job says why']
    : []
}

function withHost(host: string, one: InstanceReport): InstanceReport {
  const named = (names: readonly string[]) => names.map((name) => `${host}: ${name}`)
  return {
    ...one,
    notUp: named(one.notUp),
    unhealthy: named(one.unhealthy),
    postHookFailed: named(one.postHookFailed),
  }
}

const HOSTS_NAMED = 5
const IDS_NAMED = 5

/** Says each warning of a host once, with the hosts that have it. */
function joinWarnings(reports: readonly { readonly name: string; readonly report: RunReport }[]): readonly string[] {
  const byText = new Map<string, string[]>()
  for (const { name, report } of reports)
    for (const text of report.warnings) byText.set(text, [...(byText.get(text) ?? []), name])
  return [...byText].map(([text, names]) => `${shortList(names, HOSTS_NAMED)}: ${text}`)
}

/** Writes at most `most` names, and how many more there are: `a, b and 3 more`. */
export function shortList(names: readonly string[], most: number): string {
  const more = names.length - most
  return `${names.slice(0, most).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

function spanSeconds(startedAt: string, reports: readonly { readonly report: RunReport }[]): number {
  const ends = reports.map(({ report }) => Date.parse(report.startedAt) / 1000 + report.seconds)
  const end = ends.reduce((latest, one) => Math.max(latest, one), 0)
  const span = end - Date.parse(startedAt) / 1000
  return Number.isFinite(span) ? Math.max(0, span) : 0
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isString(value: unknown): value is string {
  return typeof value === 'string'
}

function isJobResult(value: unknown): value is JobResult {
  return JOB_RESULTS.some((result) => result === value)
}

function isArrayOf<T>(value: unknown, check: (item: unknown) => item is T): value is readonly T[] {
  return Array.isArray(value) && value.every(check)
}

const TEXT_LISTS = ['warnings', 'notUp', 'unhealthy', 'postHookFailed', 'tail', 'stderr'] as const

function isInstance(value: unknown): value is InstanceReport {
  return (
    isObject(value) &&
    isString(value.id) &&
    isString(value.status) &&
    ['success', 'partial', 'failed', 'cancelled', 'skipped'].includes(value.status) &&
    TEXT_LISTS.every((key) => isArrayOf(value[key], isString)) &&
    (value.notices === undefined || isArrayOf(value.notices, isString)) &&
    isArrayOf(value.targets, isTarget) &&
    (value.result === undefined || isResult(value.result))
  )
}

function isResult(value: unknown): boolean {
  if (!isObject(value)) return false
  const are = (keys: readonly string[], type: string) =>
    keys.every((key) => value[key] === undefined || typeof value[key] === type)
  const metrics = value.metrics ?? {}
  return (
    are(['bytes', 'files', 'addedBytes'], 'number') &&
    are(['snapshot', 'url', 'text'], 'string') &&
    isObject(metrics) &&
    Object.values(metrics).every((item) => typeof item === 'number')
  )
}

function isTarget(value: unknown): value is InstanceReport['targets'][number] {
  return isObject(value) && isString(value.name) && isString(value.status) && isArrayOf(value.warnings, isString)
}
