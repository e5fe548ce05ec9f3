/**
 * Asks the forge's API whether a workflow run has ended. A question can stay unanswered: there may be no token, permission or network, or the
 * forge may have no such API.
 */

const DEADLINE_MS = 10_000

interface Api {
  /**
   * Asks whether an attempt of a workflow run has ended; `repository` is `owner/name`. `null`: unknown, for example on 404 and 403, because
   * a token sees only its own repositories. Answers within 10 seconds, and repeats each answer, `null` too, for a minute. Never throws.
   */
  runCompleted(repository: string, runId: string, attempt: number): Promise<boolean | null>
}

/**
 * Makes the API client. With an empty `token` every answer is `null`. `baseUrl` is `GITHUB_API_URL`, so that GitHub Enterprise Server and
 * Gitea are asked rather than github.com.
 */
export function createApi(options: { readonly token: string; readonly baseUrl: string }): Api {
  async function runCompleted(repository: string, runId: string, attempt: number): Promise<boolean | null> {
    const [owner, repo, ...more] = repository.split('/')
    if (options.token === '' || !owner || !repo || more.length > 0 || !/^[0-9]+$/.test(runId)) return null
    try {
      const { getOctokit } = await import('@actions/github') // only needed when a lock is found
      const octokit = getOctokit(options.token, { baseUrl: options.baseUrl, log: SILENT })
      const { data } = await octokit.rest.actions.getWorkflowRun({
        owner,
        repo,
        run_id: Number(runId),
        request: { signal: AbortSignal.timeout(DEADLINE_MS) },
      })
      return data.status === 'completed' || (data.run_attempt ?? 1) > attempt // a new attempt begins when the last is over
    } catch {
      return null // "unknown" is the answer; what follows from it is the caller's
    }
  }
  // whoever waits for a lock asks every second; the API allows a thousand questions an hour
  const answers = new Map<string, { readonly at: number; readonly answer: Promise<boolean | null> }>()
  return {
    runCompleted(repository, runId, attempt) {
      const key = `${repository} ${runId} ${attempt}`
      const known = answers.get(key)
      if (known && Date.now() - known.at < ANSWER_FRESH_MS) return known.answer
      const answer = runCompleted(repository, runId, attempt)
      answers.set(key, { at: Date.now(), answer })
      return answer
    },
  }
}

const ANSWER_FRESH_MS = 60_000
const nothing = () => undefined
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing }
