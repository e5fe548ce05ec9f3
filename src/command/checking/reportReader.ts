/** Reads the reports in the artifacts of runs, as far as they may tell of instances that are still looked for. */
import { posix } from 'node:path'
import { z } from 'zod'
import type { Forge } from '../../action/forge/askForge.ts'
import { listArtifacts, type RunArtifact, readArtifactFile } from '../../action/forge/runArtifacts.ts'
import type { WorkflowRun } from '../../action/forge/workflowRuns.ts'
import { runAll } from '../runAll.ts'
import { addSighting, type Finding, type Findings, isServed } from './findings.ts'

export interface ReportReader {
  /** Reads a run once; a second call does nothing. */
  readonly read: (run: WorkflowRun) => Promise<void>
  /** Returns how many hosts reported in a run that was read, in its latest attempt. */
  readonly reportsOf: (run: WorkflowRun) => number
  /** Tells whether a report of that run says what became of the instance: it names it, or is that of its host. */
  readonly tellsOf: (run: WorkflowRun, finding: Finding) => boolean
  /** Names what could not be read, and why. */
  readonly problems: readonly string[]
  /** Tells whether reading on is useless: the API failed several times without a success in between, or the run was cancelled. */
  readonly hasGivenUp: () => boolean
}

/** A kind of report: the artifacts that may hold it, its file there, and its content in the form of a backup's report. */
export interface ReportKind {
  readonly fileName: string
  readonly isName: (artifact: string) => boolean
  /** Parses the text; throws if it is no JSON, and returns `foreign` if it is a report of another version. */
  readonly parse: (text: string) => Report | 'foreign'
}

interface ReaderOptions {
  readonly kind: ReportKind
  readonly forge: Forge
  /** Path of the configuration: reports about another one do not count. */
  readonly configFile: string
  readonly repository: string
  readonly allowPartial: boolean
  readonly signal: AbortSignal
}

const DOWNLOADS_AT_ONCE = 4
const MOST_FAILURES = 3

/** The runs of the instance that its host remembers; a report of an earlier version has none. */
const history = z.array(z.object({ startedAt: z.string(), status: z.string() })).optional()

const reportSchema = z.object({
  version: z.literal(1),
  dryRun: z.boolean(),
  repository: z.string(),
  configFile: z.string(),
  startedAt: z.string(),
  instances: z.array(
    z.object({
      id: z.string(),
      status: z.enum(['success', 'partial', 'failed', 'cancelled', 'skipped']),
      error: z.string().nullable(),
      startedAt: z.string().nullable(),
      history,
    }),
  ),
  notDue: z.array(z.object({ id: z.string(), history })).optional(),
})
export type Report = z.infer<typeof reportSchema>

/** `report.json` of a backup: in `marina-<host>-<attempt>`. No artifact of logs and no plan has such a name; those of drills and restores do. */
export const BACKUP_REPORTS: ReportKind = {
  fileName: 'report.json',
  isName: (artifact) => ATTEMPT.test(artifact),
  parse(text) {
    const read = reportSchema.safeParse(JSON.parse(text))
    return read.success ? read.data : 'foreign'
  },
}

/** Matches artifacts of other commands. A host may have such a name, too: the file inside tells. */
const OF_OTHERS = /^marina-(drill|restore)-/

export function createReportReader(findings: Findings, options: ReaderOptions): ReportReader {
  const { forge, signal, kind } = options
  const problems: string[] = []
  const reports = new Map<number, number>()
  const told = new Map<number, Set<string>>()
  let failures = 0

  async function read(run: WorkflowRun): Promise<void> {
    if (reports.has(run.id)) return
    reports.set(run.id, 0)
    const artifacts = await listArtifacts(forge, run.id)
    if ('unknown' in artifacts) return fail(artifacts.unknown)
    const named = artifacts.value.items.filter(({ name }) => kind.isName(name))
    reports.set(run.id, named.filter((one) => !one.isExpired && attemptOf(one.name) === run.attempt).length)
    const wanted = named.filter((one) => isWanted(findings, one))
    await runAll(
      wanted,
      { atOnce: DOWNLOADS_AT_ONCE, cancel: signal },
      (artifact) => readOne(run, artifact),
      () => undefined,
    )
  }

  async function readOne(run: WorkflowRun, artifact: RunArtifact): Promise<void> {
    if (failures >= MOST_FAILURES) return
    const text = await readArtifactFile(forge, artifact, kind.fileName)
    if ('unknown' in text) return fail(text.unknown)
    failures = 0
    const report = text.value === null ? null : parseReport(text.value, kind)
    if (report === null) {
      // the job that left it did other work, and is no job without a report
      if (OF_OTHERS.test(artifact.name)) return
      reports.set(run.id, Math.max(0, (reports.get(run.id) ?? 0) - 1))
      return
    }
    if (report === 'foreign') {
      problems.push(
        `The report in the artifact ${artifact.name} of run ${run.id} is not of a kind that this version reads`,
      )
      return
    }
    if (!isAbout(report, options)) return
    const names = [...report.instances, ...(report.notDue ?? [])].map(({ id }) => idKey(id))
    const known = told.get(run.id) ?? new Set()
    told.set(run.id, known)
    for (const name of names) known.add(name)
    if (attemptOf(artifact.name) === run.attempt) known.add(hostKey(hostOf(artifact.name)))
    takeIn(findings, report, { run, artifact, allowPartial: options.allowPartial })
  }

  function fail(why: string): void {
    failures++
    problems.push(why)
  }

  return {
    read,
    tellsOf(run, { wanted, host }) {
      const known = told.get(run.id)
      return known !== undefined && (known.has(idKey(wanted.id)) || (host !== null && known.has(hostKey(host))))
    },
    reportsOf: (run) => reports.get(run.id) ?? 0,
    problems,
    hasGivenUp: () => failures >= MOST_FAILURES || signal.aborted,
  }
}

const idKey = (id: string) => `id ${id}`
const hostKey = (host: string) => `host ${host}`

/** Matches the attempt at the end of an artifact's name, and the number of a name that was taken. */
const ATTEMPT = /^marina-.+-(\d+)(\.\d+)?$/

function hostOf(name: string): string {
  return name.replace(/^marina-/, '').replace(/-\d+(\.\d+)?$/, '')
}

function attemptOf(name: string): number {
  return Number(ATTEMPT.exec(name)?.[1])
}

/** Tells whether a report may tell of an instance that is still looked for: it was made after the slot, by the instance's host if that is known. */
function isWanted(findings: Findings, artifact: RunArtifact): boolean {
  const host = hostOf(artifact.name)
  const madeAt = artifact.createdAt === null ? Number.POSITIVE_INFINITY : Date.parse(artifact.createdAt)
  for (const one of findings.values()) {
    if (!isServed(one) && one.wanted.slot <= madeAt && (one.host === null || one.host === host)) return true
  }
  return false
}

/** Parses a report; `null` if the text is none, `foreign` if it is one of another version. */
function parseReport(text: string, kind: ReportKind): Report | 'foreign' | null {
  try {
    return kind.parse(text)
  } catch {
    return null
  }
}

function isAbout(report: Report, { configFile, repository }: ReaderOptions): boolean {
  const isOwn = report.repository === '' || report.repository === repository
  return isOwn && !report.dryRun && posix.normalize(report.configFile) === posix.normalize(configFile)
}

interface Origin {
  readonly run: WorkflowRun
  readonly artifact: RunArtifact
  readonly allowPartial: boolean
}

function takeIn(findings: Findings, report: Report, origin: Origin): void {
  for (const one of report.instances) {
    const finding = findings.get(one.id)
    if (finding === undefined) continue
    finding.host = hostOf(origin.artifact.name)
    const at = timeOf(one.startedAt ?? report.startedAt, origin)
    const { status, error } = one
    const isGood = status === 'success' || (status === 'partial' && origin.allowPartial)
    addSighting(finding, { status, error, at, url: origin.run.url }, isGood)
    addHistory(finding, one.history ?? [], origin)
  }
  for (const { id, history } of report.notDue ?? []) {
    const finding = findings.get(id)
    if (finding === undefined) continue
    finding.host = hostOf(origin.artifact.name)
    addHistory(finding, history ?? [], origin)
  }
}

/** Takes in what the instance's host remembers of earlier runs. A failure that a report tells of is not replaced: it names the cause. */
function addHistory(
  finding: Finding,
  history: NonNullable<Report['instances'][number]['history']>,
  origin: Origin,
): void {
  for (const past of history) {
    const at = Math.min(Date.parse(past.startedAt), madeAt(origin.artifact))
    const isGood = past.status === 'success' || (past.status === 'partial' && origin.allowPartial)
    if (Number.isNaN(at) || (!isGood && finding.failure !== null)) continue
    const status = isGood
      ? 'success'
      : past.status === 'partial' || past.status === 'cancelled'
        ? past.status
        : 'failed'
    addSighting(finding, { status, error: null, at, url: null }, isGood)
  }
}

/**
 * Returns when an instance began, by the runner's clock. A clock that is wrong must not hide a missing backup: it cannot have begun before
 * its run was created, nor after its report was uploaded, by GitHub's clock.
 */
function timeOf(startedAt: string, { run, artifact }: Origin): number {
  const said = Date.parse(startedAt)
  const created = Date.parse(run.createdAt)
  return Math.min(Number.isNaN(said) ? created : Math.max(said, created), madeAt(artifact))
}

function madeAt(artifact: RunArtifact): number {
  return artifact.createdAt === null ? Number.POSITIVE_INFINITY : Date.parse(artifact.createdAt)
}
