/** Reads what started the run, and where, from the platform's environment and event file. Says which events a backup refuses. */
import { readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'

export interface PlatformContext {
  /** Name of the event that started the run: `schedule`, `workflow_dispatch`, …; empty away from a forge. */
  readonly name: string
  /** True if everybody can read the repository; `null` if the event file does not say, or could not be read. */
  readonly publicRepository: boolean | null
  /** The cron expression that fired, as the event of a schedule names it; `null` for other events, and if it is not named. */
  readonly schedule: string | null
  /** `owner/name`, or empty away from a forge. */
  readonly repository: string
  /**
   * Tells of a start by hand whether the workflow has the input `instances`. False if it has no inputs; `null` if it has only others, if the
   * event does not tell, and for other events.
   */
  readonly takesInstances: boolean | null
  readonly runId: string
  /** Number of this attempt of the run, from 1. */
  readonly attempt: number
  /** Address of this attempt's page (on Gitea and Forgejo of the run's); `null` away from a forge, and on act. */
  readonly runUrl: string | null
  /** The branch that a pull request goes to, and its commit; `null` if the event is none of a pull request, or does not tell. */
  readonly base: { readonly ref: string; readonly sha: string } | null
  readonly workspace: string
  /** Folder for files of this job: `RUNNER_TEMP`, else the system's folder for temporary files. */
  readonly temp: string
  readonly serverUrl: string
  readonly apiUrl: string
  /** One sentence, with the consequence, if the platform names an event file that could not be read; else `null`. */
  readonly problem: string | null
}

/** Reads the environment of a step and its event file. What is missing is left empty, or has the default of github.com. Never throws. */
export function readEvent(env: NodeJS.ProcessEnv): PlatformContext {
  const { payload, problem } = readPayload(env.GITHUB_EVENT_PATH ?? '')
  const serverUrl = env.GITHUB_SERVER_URL || 'https://github.com'
  const attempt = Math.max(1, Number.parseInt(env.GITHUB_RUN_ATTEMPT ?? '', 10) || 1)
  return {
    name: env.GITHUB_EVENT_NAME ?? '',
    publicRepository: isPublic(payload.repository),
    schedule: typeof payload.schedule === 'string' ? payload.schedule : null,
    repository: env.GITHUB_REPOSITORY ?? '',
    takesInstances: env.GITHUB_EVENT_NAME === 'workflow_dispatch' ? takesInstances(payload) : null,
    runId: env.GITHUB_RUN_ID ?? '',
    attempt,
    runUrl: runUrl(env, serverUrl, attempt),
    base: baseOf(payload),
    workspace: env.GITHUB_WORKSPACE || process.cwd(),
    temp: env.RUNNER_TEMP || tmpdir(),
    serverUrl,
    apiUrl: env.GITHUB_API_URL || 'https://api.github.com',
    problem,
  }
}

/**
 * Tells whether strangers may read what a run shows: if the repository is public, or if a forge does not say whether it is (its event file
 * cannot be read, or tells nothing of the repository, as some events of Gitea and act). Away from a forge nobody else reads it.
 */
export function isForStrangers({
  publicRepository,
  repository,
  problem,
}: Pick<PlatformContext, 'publicRepository' | 'repository' | 'problem'>): boolean {
  return publicRepository ?? (problem !== null || repository !== '')
}

/** Says why a run counts as public (`isForStrangers`), for a place after "because". */
export function whyForStrangers({ publicRepository }: Pick<PlatformContext, 'publicRepository'>): string {
  return publicRepository === true
    ? 'the repository is public'
    : 'the event does not say whether the repository is public'
}

/** Events that only people with write access, or the forge's clock, can raise. The empty text is a run outside a forge. */
const ALLOWED = ['', 'schedule', 'workflow_call', 'workflow_dispatch', 'repository_dispatch', 'push', 'release']

/**
 * Says why a backup must not run on this event, in one sentence, or `null` where it may. Strangers can raise many events of a
 * repository that they may read (an issue, a comment, a star, a fork), and what they bring would run beside the Docker host.
 */
export function refusedEvent(name: string): string | null {
  if (ALLOWED.includes(name)) return null
  return `Backups do not run on "${name}" events, which others can start: use schedule, workflow_dispatch, repository_dispatch, push or release, and the command validate for pull requests.`
}

interface Payload {
  readonly pull_request?: { readonly base?: { readonly ref?: unknown; readonly sha?: unknown } | null } | null
  readonly schedule?: unknown
  readonly inputs?: unknown
  readonly repository?: { readonly private?: unknown; readonly visibility?: unknown } | null
}

function readPayload(path: string): { payload: Payload; problem: string | null } {
  if (path === '') return { payload: {}, problem: null }
  const unread = (why: string) => ({
    payload: {},
    problem: `The event file ${path} could not be read (${why}), so that it is not known whether the repository is public: it is taken for public`,
  })
  try {
    if (!statSync(path).isFile()) return unread('it is no file')
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'))
    const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
    return isObject ? { payload: parsed, problem: null } : unread('it holds no JSON object')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // the parser's own words would quote the file
    return unread(error instanceof SyntaxError ? 'it is not JSON' : (code ?? (error as Error).message))
  }
}

/**
 * Tells whether everybody can read a repository; `null` if the event does not say. An "internal" one is not public: only members of the
 * company see it.
 */
function isPublic(repository: Payload['repository']): boolean | null {
  if (typeof repository?.visibility === 'string') return repository.visibility === 'public'
  return typeof repository?.private === 'boolean' ? !repository.private : null
}

/**
 * Tells whether a start by hand has the input `instances`. False if it has no inputs; `null` if it has only others, which may serve the same
 * purpose by another name, and if the event does not tell.
 */
function takesInstances({ inputs }: Payload): boolean | null {
  if (inputs === null) return false // GitHub's word for a workflow without inputs
  if (typeof inputs !== 'object') return null
  return 'instances' in inputs ? true : null
}

function baseOf({ pull_request }: Payload): PlatformContext['base'] {
  const { ref, sha } = pull_request?.base ?? {}
  return typeof ref === 'string' && typeof sha === 'string' && /^[0-9a-f]{40,64}$/.test(sha) ? { ref, sha } : null
}

function runUrl(env: NodeJS.ProcessEnv, serverUrl: string, attempt: number): string | null {
  const forgejo = env.FORGEJO_ACTIONS === 'true'
  const run = forgejo ? env.GITHUB_RUN_NUMBER : env.GITHUB_RUN_ID // Forgejo's pages go by the number
  if (!env.GITHUB_REPOSITORY || !run || env.ACT === 'true') return null // act makes them up
  const url = `${serverUrl}/${env.GITHUB_REPOSITORY}/actions/runs/${run}`
  return attempt > 1 && !forgejo && env.GITEA_ACTIONS !== 'true' ? `${url}/attempts/${attempt}` : url
}
