/** What started the run, and where: read once from the platform's environment and event file. */
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'

export interface PlatformContext {
  /** `schedule`, `workflow_dispatch`, …; empty away from a forge. */
  readonly name: string
  /** The cron text that fired, on a `schedule` event. */
  readonly schedule: string | null
  /** `null` where the event does not say. */
  readonly publicRepository: boolean | null
  /** `owner/name`, or empty away from a forge. */
  readonly repository: string
  readonly runId: string
  /** 1 for the first. */
  readonly attempt: number
  /** Address of this attempt for people; `null` where there is none. */
  readonly runUrl: string | null
  readonly workspace: string
  /** Folder for files of this job, `RUNNER_TEMP`. */
  readonly temp: string
  readonly serverUrl: string
  readonly apiUrl: string
  readonly workflow: string
  /** `owner/name/.github/workflows/file.yml@ref`; `null` where the platform does not say. */
  readonly workflowRef: string | null
  readonly job: string
  readonly runner: string
  /** Why the event file could not be read, for the log; `null` where it was, or where there is none. */
  readonly problem: string | null
}

/** Reads the environment of a step. Whatever is not there is left empty: nothing here ends a run. */
export function readEvent(env: NodeJS.ProcessEnv): PlatformContext {
  const { payload, problem } = readPayload(env.GITHUB_EVENT_PATH ?? '')
  const serverUrl = env.GITHUB_SERVER_URL || 'https://github.com'
  const attempt = Math.max(1, Number.parseInt(env.GITHUB_RUN_ATTEMPT ?? '', 10) || 1)
  return {
    name: env.GITHUB_EVENT_NAME ?? '',
    schedule: typeof payload.schedule === 'string' ? payload.schedule : null,
    publicRepository: isPublic(payload.repository),
    repository: env.GITHUB_REPOSITORY ?? '',
    runId: env.GITHUB_RUN_ID ?? '',
    attempt,
    runUrl: runUrl(env, serverUrl, attempt),
    workspace: env.GITHUB_WORKSPACE || process.cwd(),
    temp: env.RUNNER_TEMP || tmpdir(),
    serverUrl,
    apiUrl: env.GITHUB_API_URL || 'https://api.github.com',
    workflow: env.GITHUB_WORKFLOW ?? '',
    workflowRef: env.GITHUB_WORKFLOW_REF || null,
    job: env.GITHUB_JOB ?? '',
    runner: env.RUNNER_NAME ?? '',
    problem,
  }
}

const REFUSED = /^(pull_request(_.+)?|issue_comment|workflow_run)$/

/**
 * Why a backup must not run on this event, in one sentence, or `null`. Strangers can start these events, and what they
 * bring would run beside the Docker host.
 */
export function refusedEvent(name: string): string | null {
  if (!REFUSED.test(name)) return null
  return `Backups do not run on "${name}" events, which others can start: use schedule, workflow_dispatch, repository_dispatch or push, and the command validate for pull requests.`
}

interface Payload {
  readonly schedule?: unknown
  readonly repository?: { readonly private?: unknown; readonly visibility?: unknown } | null
}

function readPayload(path: string): { payload: Payload; problem: string | null } {
  if (path === '') return { payload: {}, problem: null }
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return { payload: typeof parsed === 'object' && parsed !== null ? parsed : {}, problem: null }
  } catch (error) {
    return { payload: {}, problem: `The event file ${path} could not be read: ${(error as Error).message}` }
  }
}

/** "Internal" repositories are private here: only members of the company see them. */
function isPublic(repository: Payload['repository']): boolean | null {
  if (typeof repository?.visibility === 'string') return repository.visibility === 'public'
  return typeof repository?.private === 'boolean' ? !repository.private : null
}

function runUrl(env: NodeJS.ProcessEnv, serverUrl: string, attempt: number): string | null {
  const forgejo = env.FORGEJO_ACTIONS === 'true'
  const run = forgejo ? env.GITHUB_RUN_NUMBER : env.GITHUB_RUN_ID // Forgejo's pages go by the number
  if (!env.GITHUB_REPOSITORY || !run || env.ACT === 'true') return null // act makes them up
  const url = `${serverUrl}/${env.GITHUB_REPOSITORY}/actions/runs/${run}`
  return attempt > 1 && !forgejo && env.GITEA_ACTIONS !== 'true' ? `${url}/attempts/${attempt}` : url
}
