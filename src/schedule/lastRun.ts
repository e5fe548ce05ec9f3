/** Finds in the runs of a workflow when its last run by schedule began on a host, for a host that has no record. Pure. */

/** A run by schedule, as far as it is needed. Times are ms since 1970 in UTC. */
export interface ScheduledRun {
  readonly createdAt: number
  /** True if all of it ended well. */
  readonly isGood: boolean
  readonly jobs: readonly {
    /** Labels of the runner that it asks for. */
    readonly labels: readonly string[]
    /** True if a runner took it, and it has not failed until now. */
    readonly isGood: boolean
  }[]
}

/**
 * Returns when the last run that served this host was created, ms since 1970; `null` if none is known. `runs` has the latest first; a run
 * served the host if its jobs there are good or, without such a job, if all of it is.
 */
export function lastRunOn(host: readonly string[], runs: readonly ScheduledRun[]): number | null {
  for (const run of runs) {
    const own = jobsFor(host, run)
    if (own.length === 0 ? run.isGood : own.every(({ isGood }) => isGood)) return run.createdAt
  }
  return null
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
