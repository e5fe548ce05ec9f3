/** Finds jobs that wait for a runner that does not come, and the jobs of an instance's runner. Pure. Times are ms since 1970 in UTC. */

export interface RunnerJob {
  readonly name: string
  readonly status: string
  readonly conclusion: string | null
  readonly labels: readonly string[]
  readonly createdAt: number
  /** `null` as long as no runner has begun it. */
  readonly startedAt: number | null
  readonly url: string | null
}

/** Time in the queue after which a job counts as waiting for a runner, ms. The runner is offline, or busy. */
const QUEUED_MS = 30 * 60_000

export interface WaitingJob extends RunnerJob {
  /** True if a job with the same labels runs at the moment: its runner may only be busy. */
  readonly mayBeBusy: boolean
}

/** Returns the jobs that have been queued for more than half an hour. */
export function waitingJobs(jobs: readonly RunnerJob[], now: number): readonly WaitingJob[] {
  const running = jobs.filter((job) => job.status === 'in_progress')
  return jobs
    .filter((job) => job.status === 'queued' && now - job.createdAt > QUEUED_MS)
    .map((job) => ({ ...job, mayBeBusy: running.some((other) => labelKey(other.labels) === labelKey(job.labels)) }))
}

/**
 * Tells whether a job runs on the instance's runner: it has all labels of `runsOn`, `self-hosted` not counted. A job on one of GitHub's own
 * runners never does.
 */
export function isJobFor(labels: readonly string[], runsOn: readonly string[]): boolean {
  if (labels.length === 0 || labels.every(isHosted)) return false
  const own = new Set(labels.map((label) => label.toLowerCase()))
  return runsOn.every((label) => label.toLowerCase() === 'self-hosted' || own.has(label.toLowerCase()))
}

function isHosted(label: string): boolean {
  return /^(ubuntu|windows|macos)-/i.test(label)
}

function labelKey(labels: readonly string[]): string {
  return labels
    .map((label) => label.toLowerCase())
    .sort()
    .join()
}
