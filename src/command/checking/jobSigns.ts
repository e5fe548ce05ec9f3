/** Finds out from jobs what no report tells: whether the job for an instance waits, runs, or has ended without a report. */
import type { Answer, Forge } from '../../action/forge/askForge.ts'
import { listJobs, type WorkflowJob, type WorkflowRun } from '../../action/forge/workflowRuns.ts'
import type { JobSign } from '../../schedule/overdue.ts'
import { isJobFor, type RunnerJob } from '../../schedule/waitingJobs.ts'
import type { Finding } from './findings.ts'
import type { ReportReader } from './reportReader.ts'

export interface JobReader {
  /** Returns the jobs of a run's latest attempt; `null` if the API does not tell, which is then in `problems`. */
  readonly jobsOf: (run: WorkflowRun) => Promise<readonly RunnerJob[] | null>
  readonly problems: readonly string[]
}

export function createJobReader(forge: Forge): JobReader {
  const known = new Map<number, Promise<Answer<readonly RunnerJob[]>>>()
  const problems: string[] = []
  async function ask(run: WorkflowRun): Promise<Answer<readonly RunnerJob[]>> {
    const jobs = await listJobs(forge, run.id)
    if ('unknown' in jobs) {
      problems.push(jobs.unknown)
      return jobs
    }
    return { value: jobs.value.items.map(runnerJob) }
  }
  return {
    problems,
    async jobsOf(run) {
      const asked = known.get(run.id) ?? ask(run)
      known.set(run.id, asked)
      const answer = await asked
      return 'unknown' in answer ? null : answer.value
    },
  }
}

/** Number of runs after a slot whose jobs are looked at. */
const MOST_RUNS = 5

/**
 * Looks at the jobs of the first runs after the instance's slot (`runs`), and at those of runs that have not ended. A job that ended counts
 * only if a report is missing in its run: otherwise the report says that the instance was not in it. After a job that failed, the success
 * of one that a schedule started says nothing: the slot counts as served by the first, and the second leaves the instance out. Returns the
 * last sign of the first kind that is there: running, succeeded, waiting, failed; `null` without a sign.
 */
export async function findJobSign(
  finding: Finding,
  runs: readonly WorkflowRun[],
  { reports, jobs }: { readonly reports: ReportReader; readonly jobs: JobReader },
): Promise<JobSign | null> {
  const { wanted } = finding
  const open = runs.filter((run) => run.status !== 'completed')
  const looked = new Set([...runs.slice(0, MOST_RUNS), ...open.slice(-MOST_RUNS)])
  const signs: JobSign[] = []
  for (const run of looked) {
    const all = (await jobs.jobsOf(run)) ?? []
    const begun = all.filter((job) => job.startedAt !== null && isJobFor(job.labels, []))
    const lacksReport = reports.reportsOf(run) < begun.length && !reports.tellsOf(run, finding)
    for (const job of all.filter(({ labels }) => isJobFor(labels, wanted.runsOn))) {
      const sign = signOf(job, wanted.slot)
      if (sign === null || (!lacksReport && sign.kind !== 'running' && sign.kind !== 'waiting')) continue
      const mayBeLeftOut = run.event === 'schedule' && signs.some(({ kind }) => kind === 'failed')
      if (sign.kind !== 'succeeded' || !mayBeLeftOut) signs.push(sign)
    }
  }
  const order = ['running', 'succeeded', 'waiting', 'failed'] as const
  for (const kind of order) {
    const last = signs.findLast((sign) => sign.kind === kind)
    if (last !== undefined) return last
  }
  return null
}

function signOf(job: RunnerJob, slot: number): JobSign | null {
  const { name, labels, url } = job
  if (job.status === 'queued') return { kind: 'waiting', name, labels, url, at: job.createdAt }
  if (job.startedAt === null || job.startedAt < slot) return null
  const end = job.conclusion === 'success' ? 'succeeded' : 'failed'
  return { kind: job.status === 'completed' ? end : 'running', name, labels, url, at: job.startedAt }
}

export function runnerJob(job: WorkflowJob): RunnerJob {
  const { name, status, conclusion, labels, url } = job
  const startedAt = job.startedAt === null ? null : Date.parse(job.startedAt)
  return { name, status, conclusion, labels, url, createdAt: Date.parse(job.createdAt), startedAt }
}
