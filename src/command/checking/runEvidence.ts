/**
 * Finds out from a workflow's runs whether instances were backed up, or drilled, since their slots: from the reports in the runs' artifacts
 * and, where one is missing, from the jobs. Reads the runs that probably tell first, and no more than it needs.
 */
import type { Answer, Forge } from '../../action/forge/askForge.ts'
import type { RunnerJob } from '../../schedule/waitingJobs.ts'
import { emptyFindings, type Finding, isServed, type Wanted } from './findings.ts'
import { createJobReader, findJobSign } from './jobSigns.ts'
import { createReportReader, type ReportKind, type ReportReader } from './reportReader.ts'
import { openRunWindow, type RunWindow } from './runWindow.ts'

export interface RunEvidence {
  readonly of: (id: string) => Pick<Finding, 'success' | 'failure' | 'job'>
  /** The jobs of runs that have not ended. */
  readonly openJobs: readonly RunnerJob[]
  /** Names what could not be read, and why. */
  readonly problems: readonly string[]
}

export interface EvidenceRequest {
  readonly forge: Forge
  readonly workflow: string
  readonly kind: ReportKind
  readonly configFile: string
  readonly repository: string
  readonly allowPartial: boolean
  readonly wanted: readonly Wanted[]
  /** ms since 1970 in UTC. */
  readonly now: number
  readonly signal: AbortSignal
}

/** Number of runs that have not ended whose jobs are looked at. */
const MOST_OPEN_RUNS = 30

/** Collects the evidence. Unknown only if the runs themselves cannot be listed. */
export async function collectEvidence(request: EvidenceRequest): Promise<Answer<RunEvidence>> {
  const { forge, workflow, wanted, now } = request
  const oldest = Math.min(now, ...slotsOf(wanted))
  const opened = await openRunWindow(forge, workflow, { oldest, now })
  if ('unknown' in opened) return opened
  const window = opened.value
  const findings = emptyFindings(wanted)
  const reports = createReportReader(findings, request)
  const jobs = createJobReader(forge)
  const openJobs: RunnerJob[] = []
  for (const run of window.recent.filter((one) => one.status !== 'completed').slice(0, MOST_OPEN_RUNS))
    openJobs.push(...((await jobs.jobsOf(run)) ?? []))
  await readReports([...findings.values()], window, reports)
  for (const one of findings.values()) {
    if (isServed(one) || one.failure !== null || reports.hasGivenUp()) continue
    one.job = await findJobSign(one, await window.since(one.wanted.slot), { reports, jobs })
  }
  const of = (id: string) => findings.get(id) ?? NOTHING
  return { value: { of, openJobs, problems: [...window.problems, ...reports.problems, ...jobs.problems] } }
}

const NOTHING = { success: null, failure: null, job: null }

/**
 * Reads reports until every instance is known to be served, or all runs since its slot are read. In each round it reads one more run after
 * each slot: first the first run after it, which probably served it, then the last, whose report tells what its host remembers of all, and
 * so on from both ends. Stops if the reader has given up.
 */
async function readReports(findings: readonly Finding[], window: RunWindow, reports: ReportReader): Promise<void> {
  for (let round = 0, isOver = false; !isOver; round++) {
    isOver = true
    const open = bySlot(findings.filter((one) => !isServed(one)))
    for (const [slot, group] of [...open].sort(([a], [b]) => b - a)) {
      if (reports.hasGivenUp()) return
      const runs = await window.since(slot)
      const run = round < runs.length ? runs.at(round % 2 === 0 ? round / 2 : -(round + 1) / 2) : undefined
      if (run === undefined) continue
      isOver = false
      if (group.some((one) => !isServed(one))) await reports.read(run)
    }
  }
}

function bySlot(findings: readonly Finding[]): ReadonlyMap<number, readonly Finding[]> {
  const groups = new Map<number, Finding[]>()
  for (const one of findings) {
    const group = groups.get(one.wanted.slot) ?? []
    groups.set(one.wanted.slot, group)
    group.push(one)
  }
  return groups
}

function slotsOf(wanted: readonly Wanted[]): readonly number[] {
  return [...new Set(wanted.map((one) => one.slot))]
}
