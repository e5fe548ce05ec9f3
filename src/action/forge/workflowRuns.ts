/** Asks for a workflow, its runs, and their jobs. */
import { z } from 'zod'
import type { Answer, Forge, Listed } from './askForge.ts'

/** One run of a workflow. Times are UTC, ISO 8601. */
export interface WorkflowRun {
  readonly id: number
  /** Number of its latest attempt, from 1. */
  readonly attempt: number
  /** Name of the event that started it: `schedule`, `workflow_dispatch`, … */
  readonly event: string
  /** `queued`, `in_progress`, `completed`, `waiting`, `pending`, `requested`; empty if the forge does not tell. */
  readonly status: string
  /** `success`, `failure`, `cancelled`, `skipped`, `timed_out`, …; `null` until it is completed. */
  readonly conclusion: string | null
  readonly createdAt: string
  /** Time when its latest attempt was started, perhaps long before a job of it began; `createdAt` if the forge does not tell. */
  readonly startedAt: string
  /** `createdAt` if the forge does not tell. */
  readonly updatedAt: string
  /** Address of its page; `null` if the forge does not tell. */
  readonly url: string | null
}

const time = z.string().refine((text) => !Number.isNaN(Date.parse(text)))

const run = z
  .object({
    id: z.number(),
    run_attempt: z.number().nullish(),
    event: z.string(),
    status: z.string().nullable(),
    conclusion: z.string().nullish(),
    created_at: time,
    run_started_at: time.nullish(),
    updated_at: time.nullish(),
    html_url: z.string().nullish(),
  })
  .transform(
    (one): WorkflowRun => ({
      id: one.id,
      attempt: one.run_attempt ?? 1,
      event: one.event,
      status: one.status ?? '',
      conclusion: one.conclusion || null,
      createdAt: one.created_at,
      startedAt: one.run_started_at ?? one.created_at,
      updatedAt: one.updated_at ?? one.created_at,
      url: one.html_url || null,
    }),
  )

const runPage = z
  .object({ total_count: z.number().nullish(), workflow_runs: z.array(run) })
  .transform((page) => ({ total: page.total_count ?? null, items: page.workflow_runs }))

export interface RunsQuestion {
  /** File name of the workflow in `.github/workflows`. */
  readonly workflow: string
  readonly event?: string
  readonly status?: string
  /** Range of `created_at` in GitHub's search words: `>=2026-11-01T00:00:00Z`. Gitea ignores it. */
  readonly created?: string
  /** 100 at most. */
  readonly perPage: number
  /** Default: 1. */
  readonly mostPages?: number
}

/** Lists runs of a workflow, the latest first. */
export function listRuns(forge: Forge, question: RunsQuestion): Promise<Answer<Listed<WorkflowRun>>> {
  const { workflow, event, status, created, perPage, mostPages = 1 } = question
  return forge.list({
    route: '/actions/workflows/{workflow}/runs',
    parameters: {
      workflow,
      ...(event === undefined ? {} : { event }),
      ...(status === undefined ? {} : { status }),
      ...(created === undefined ? {} : { created }),
    },
    page: runPage,
    perPage,
    mostPages,
    what: `the runs of ${workflow}`,
    permission: READ_ACTIONS,
  })
}

/** One job of a run. Times are UTC, ISO 8601. */
export interface WorkflowJob {
  readonly id: number
  readonly name: string
  /** `queued`, `in_progress`, `completed`, `waiting`, `pending`, … */
  readonly status: string
  readonly conclusion: string | null
  /** Labels of the runner that the job asks for. */
  readonly labels: readonly string[]
  /** If the forge does not tell: the time when it began, or 1970. */
  readonly createdAt: string
  /**
   * Time when a runner began it; `null` as long as none did, and if it was skipped or cancelled before. An old server, which names no runners,
   * gives a time for such jobs too.
   */
  readonly startedAt: string | null
  /** Name of the runner that took the job; `null` if none did, or if the server does not name it. */
  readonly runnerName: string | null
  readonly url: string | null
}

const job = z
  .object({
    id: z.number(),
    name: z.string(),
    status: z.string(),
    conclusion: z.string().nullish(),
    labels: z.array(z.string()).nullish(),
    created_at: time.nullish(),
    started_at: time.nullish(),
    runner_name: z.string().nullish(),
    html_url: z.string().nullish(),
  })
  .transform((one): WorkflowJob => {
    const runnerName = one.runner_name || null
    // GitHub fills in `started_at` even for a job that waits, and for one that was skipped; an old server does not name the runner
    const hasBegun = one.runner_name === undefined ? one.status !== 'queued' : runnerName !== null
    return {
      id: one.id,
      name: one.name,
      status: one.status,
      conclusion: one.conclusion || null,
      labels: one.labels ?? [],
      createdAt: one.created_at ?? one.started_at ?? new Date(0).toISOString(),
      startedAt: hasBegun ? (one.started_at ?? null) : null,
      runnerName,
      url: one.html_url || null,
    }
  })

const jobPage = z
  .object({ total_count: z.number().nullish(), jobs: z.array(job) })
  .transform((page) => ({ total: page.total_count ?? null, items: page.jobs }))

/** A matrix has 256 jobs at most; a run of several has a few more. */
const JOB_PAGES = 5

/** Lists the jobs of a run: of the attempt, or of its latest one if `attempt` is left out. */
export function listJobs(forge: Forge, runId: number, attempt?: number): Promise<Answer<Listed<WorkflowJob>>> {
  return forge.list({
    route: attempt === undefined ? '/actions/runs/{run}/jobs' : '/actions/runs/{run}/attempts/{attempt}/jobs',
    parameters: { run: runId, ...(attempt === undefined ? {} : { attempt }) },
    page: jobPage,
    perPage: 100,
    mostPages: JOB_PAGES,
    what: `the jobs of run ${runId}`,
    permission: READ_ACTIONS,
  })
}

/** Workflow as the forge describes it. `state` is `active`, `disabled_inactivity`, `disabled_manually`, `disabled_fork` or `deleted`. */
export interface WorkflowState {
  readonly name: string
  readonly state: string
}

/** Asks for a workflow by the name of its file. */
export function getWorkflow(forge: Forge, file: string): Promise<Answer<WorkflowState>> {
  return forge.ask({
    route: '/actions/workflows/{workflow}',
    parameters: { workflow: file },
    schema: z.object({ name: z.string(), state: z.string() }),
    what: `the state of the workflow ${file}`,
    permission: READ_ACTIONS,
  })
}

/**
 * The repository: who can read it, and when its default branch was last committed to (ISO 8601; `null` if the forge names no commit or no
 * committer).
 */
export interface RepositoryActivity {
  readonly isPublic: boolean
  readonly defaultBranch: string
  readonly lastCommitAt: string | null
}

/**
 * Asks whether the repository is public, and for the last commit on its default branch: GitHub disables the schedules of a public repository
 * after 60 days without one.
 */
export async function getRepositoryActivity(forge: Forge): Promise<Answer<RepositoryActivity>> {
  const permission = 'contents: read'
  const found = await forge.ask({
    route: '',
    schema: z.object({ private: z.boolean(), visibility: z.string().nullish(), default_branch: z.string() }),
    what: 'whether the repository is public',
    permission,
  })
  if ('unknown' in found) return found
  const { default_branch: branch, visibility } = found.value
  const commits = await forge.ask({
    route: '/commits',
    parameters: { sha: branch, per_page: 1 },
    schema: z.array(z.object({ commit: z.object({ committer: z.object({ date: time }).nullable() }) })),
    what: `the last commit on ${branch}`,
    permission,
  })
  if ('unknown' in commits) return commits
  const isPublic = visibility === 'public' || (visibility == null && !found.value.private)
  const lastCommitAt = commits.value[0]?.commit.committer?.date ?? null
  return { value: { isPublic, defaultBranch: branch, lastCommitAt } }
}

const WORKFLOW_REF = /^[^/]+\/[^/]+\/\.(?:github|gitea|forgejo)\/workflows\/([^/@]+)@/

/** Returns the file name of the workflow that runs, from `GITHUB_WORKFLOW_REF`; `null` if the platform does not tell. */
export function ownWorkflow(env: NodeJS.ProcessEnv): string | null {
  return WORKFLOW_REF.exec(env.GITHUB_WORKFLOW_REF ?? '')?.[1] ?? null
}

const READ_ACTIONS = 'actions: read'
