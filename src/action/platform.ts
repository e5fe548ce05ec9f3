/** Reads what started the run, and where, from the platform's environment and event file. */
import { readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'

export interface PlatformContext {
  /** `schedule`, `workflow_dispatch`, …; empty away from a forge. */
  readonly name: string
  /** `null` if the event does not say. */
  readonly publicRepository: boolean | null
  /** `owner/name`, or empty away from a forge. */
  readonly repository: string
  readonly runId: string
  /** 1 for the first. */
  readonly attempt: number
  /** Address of this attempt's page; `null` if there is none. */
  readonly runUrl: string | null
  readonly workspace: string
  /** Folder for files of this job, `RUNNER_TEMP`. */
  readonly temp: string
  readonly serverUrl: string
  readonly apiUrl: string
  /** One sentence if the event file could not be read, with the consequence; else `null`. */
  readonly problem: string | null
}

/** Reads the environment of a step. What is missing is left empty; nothing here ends a run. */
export function readEvent(env: NodeJS.ProcessEnv): PlatformContext {
  const { payload, problem } = readPayload(env.GITHUB_EVENT_PATH ?? '')
  const serverUrl = env.GITHUB_SERVER_URL || 'https://github.com'
  const attempt = Math.max(1, Number.parseInt(env.GITHUB_RUN_ATTEMPT ?? '', 10) || 1)
  return {
    name: env.GITHUB_EVENT_NAME ?? '',
    publicRepository: isPublic(payload.repository),
    repository: env.GITHUB_REPOSITORY ?? '',
    runId: env.GITHUB_RUN_ID ?? '',
    attempt,
    runUrl: runUrl(env, serverUrl, attempt),
    workspace: env.GITHUB_WORKSPACE || process.cwd(),
    temp: env.RUNNER_TEMP || tmpdir(),
    serverUrl,
    apiUrl: env.GITHUB_API_URL || 'https://api.github.com',
    problem,
  }
}

/** Events that only people with write access can raise. A reusable workflow runs under its caller's event. The empty text is a run outside a forge. */
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
