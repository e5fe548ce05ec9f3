/** Asks the forge which ticks there are, and which runs by schedule began before this one. */
import { type Forge, openForge } from '../action/forge/askForge.ts'
import { listJobs, listRuns, ownWorkflow, type WorkflowRun } from '../action/forge/workflowRuns.ts'
import type { Schedule } from '../config/model.ts'
import { parseCron } from '../config/values/cron.ts'
import { lastRunOn, type ScheduledRun } from '../schedule/lastRun.ts'
import { readWorkflows } from '../workflows/readWorkflows.ts'
import type { CommandContext } from './commandContext.ts'
import { readWorkflowTexts } from './workflowFiles.ts'

/** Number of earlier runs that are asked for: with an hourly workflow a host may have been off for a day. */
const MOST_RUNS = 30
/** Number of those whose jobs are asked for. Each is a question to the API. */
const MOST_QUESTIONS = 12

/**
 * Returns the crons that may have started this run: the one that the event names, with the time zone that the workflow's file gives it;
 * else all of that file. Empty if neither is known.
 */
export async function readTicks({ event, env }: CommandContext): Promise<readonly Schedule[]> {
  const own = ownWorkflow(env)
  const { workflows } = readWorkflows(await readWorkflowTexts(event.workspace, env))
  const crons = workflows.find(({ path }) => own !== null && path.endsWith(`/${own}`))?.crons ?? []
  if (event.schedule === null) return crons
  const fired = parseCron(event.schedule)
  if (!fired.ok) return crons
  const { expression } = fired.cron
  return [crons.find(({ cron }) => cron === expression) ?? { cron: expression, timezone: 'UTC', line: 0 }]
}

export interface LastRuns {
  /** Time when the forge created this run, and the run by schedule before it, ms since 1970; `null` where it is not known. */
  readonly createdAt: number | null
  readonly earlierRun: number | null
  /** Returns when the last run by schedule before this one began on a host, ms since 1970; `null` if it is not known. */
  readonly on: (host: readonly string[]) => number | null
  /** Says why the API did not tell; `null` if it did. */
  readonly unknown: string | null
}

/** Nothing is known of earlier runs. */
export const NO_RUNS: LastRuns = { createdAt: null, earlierRun: null, on: () => null, unknown: null }

/**
 * Asks for the runs by schedule before this one, and for the jobs of at most `MOST_QUESTIONS` of them, until all hosts are answered. Never
 * throws.
 */
export async function readLastRuns(
  { env, event, inputs }: CommandContext,
  hosts: readonly (readonly string[])[],
): Promise<LastRuns> {
  const workflow = ownWorkflow(env)
  if (workflow === null || event.runId === '') return NO_RUNS
  const forge = openForge({ token: inputs.githubToken, baseUrl: event.apiUrl, repository: event.repository })
  const listed = await listRuns(forge, { workflow, event: 'schedule', perPage: MOST_RUNS })
  if ('unknown' in listed) return { ...NO_RUNS, unknown: listed.unknown }
  const earlier = listed.value.items.filter(({ id }) => id < Number(event.runId))
  const created = (run: WorkflowRun | undefined) => (run === undefined ? null : Date.parse(run.createdAt))
  const own = listed.value.items.find(({ id }) => id === Number(event.runId))
  const known = { createdAt: created(own), earlierRun: created(earlier[0]) }
  const runs: ScheduledRun[] = []
  for (const run of earlier.slice(0, MOST_QUESTIONS)) {
    if (hosts.every((host) => lastRunOn(host, runs) !== null)) break
    const found = await jobsOf(forge, run)
    if ('unknown' in found) return { ...known, on: (host) => lastRunOn(host, runs), unknown: found.unknown }
    runs.push(found)
  }
  return { ...known, on: (host) => lastRunOn(host, runs), unknown: null }
}

async function jobsOf(
  forge: Forge,
  { id, createdAt, conclusion }: Pick<WorkflowRun, 'id' | 'createdAt' | 'conclusion'>,
): Promise<ScheduledRun | { readonly unknown: string }> {
  const jobs = await listJobs(forge, id)
  if ('unknown' in jobs) return jobs
  return {
    createdAt: Date.parse(createdAt),
    isGood: conclusion === 'success',
    jobs: jobs.value.items.map((job) => ({
      labels: job.labels,
      isGood: job.startedAt !== null && (job.conclusion === null || job.conclusion === 'success'),
    })),
  }
}
