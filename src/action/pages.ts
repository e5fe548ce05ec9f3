/** The forge's pages about this run's workflow and commit; `null` where there are none, or the platform does not say where. */
import { posix } from 'node:path'

interface Pages {
  /** The workflow's, with its button "Run workflow". */
  readonly workflow: string | null
  /** The configuration file's at this commit; `#L12` leads to a line. */
  readonly config: string | null
}

const WORKFLOW = /^([^/]+\/[^/]+)\/\.github\/workflows\/([^/@]+)@/

/** Reads a step's environment. `configFile` is relative to the checkout. */
export function readPages(env: NodeJS.ProcessEnv, configFile: string): Pages {
  const repository = env.GITHUB_REPOSITORY
  if (!repository || env.ACT === 'true') return { workflow: null, config: null } // act makes them up
  const base = `${env.GITHUB_SERVER_URL || 'https://github.com'}/${repository}`
  const [, owner, file] = WORKFLOW.exec(env.GITHUB_WORKFLOW_REF ?? '') ?? []
  const isGitea = env.GITEA_ACTIONS === 'true' || env.FORGEJO_ACTIONS === 'true'
  const workflow =
    owner === repository && file !== undefined && !isGitea
      ? `${base}/actions/workflows/${encodeURIComponent(file)}`
      : null
  return { workflow, config: configPage(base, env.GITHUB_SHA ?? '', configFile, isGitea) }
}

function configPage(base: string, commit: string, configFile: string, isGitea: boolean): string | null {
  const path = posix.normalize(configFile)
  if (!/^[0-9a-f]{7,64}$/.test(commit) || posix.isAbsolute(path) || path.startsWith('..')) return null
  const encoded = path.split('/').map(encodeURIComponent).join('/')
  return `${base}/${isGitea ? 'src/commit' : 'blob'}/${commit}/${encoded}`
}
