/** Finds in the runs of a workflow when its last run by schedule began on a host, for a host that has no record. Pure. */

/** A run by schedule, as far as it is needed. Times are ms since 1970 in UTC. */
export interface ScheduledRun {
  readonly createdAt: number
  readonly jobs: readonly {
    /** Labels of the runner that it asks for. */
    readonly labels: readonly string[]
    /** `null` if no runner took it. */
    readonly startedAt: number | null
  }[]
}

/**
 * Returns when the last of `runs` (the latest first) began on the host with these labels, ms; `null` if none is known to have. A run whose
 * job for the host never began (the host was off) does not count. A run without a job for it does, if any of its jobs began: nothing was
 * due there.
 */
export function lastRunOn(host: readonly string[], runs: readonly ScheduledRun[]): number | null {
  for (const run of runs) {
    const own = jobsFor(host, run)
    const begun = own.flatMap(({ startedAt }) => startedAt ?? [])
    if (begun.length > 0) return Math.min(...begun)
    if (own.length === 0 && run.jobs.some(({ startedAt }) => startedAt !== null)) return run.createdAt
  }
  return null
}

/** Tells whether the runs are enough to answer for this host: an older one need not be asked for. */
export function isAnswered(host: readonly string[], runs: readonly ScheduledRun[]): boolean {
  return lastRunOn(host, runs) !== null
}

function jobsFor(host: readonly string[], { jobs }: ScheduledRun) {
  const wanted = keyOf(host)
  const exact = jobs.filter(({ labels }) => keyOf(labels) === wanted)
  if (exact.length > 0 || wanted !== 'self-hosted') return exact
  // without `runsOn` the configuration does not know the runner's other labels
  return jobs.filter(({ labels }) => labels.some((label) => label.toLowerCase() === 'self-hosted'))
}

function keyOf(labels: readonly string[]): string {
  return [...new Set(labels.map((label) => label.toLowerCase()))].sort().join(' ')
}
