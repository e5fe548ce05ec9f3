/** Makes the addresses of two pages of the forge: this run's workflow, and the configuration file. */
import { posix } from 'node:path'

interface Pages {
  /** Address of the workflow's page, with its button "Run workflow"; `null` if the forge has no such page or this repository not the workflow. */
  readonly workflow: string | null
  /** Address of the configuration file at this commit, without a line (`#L12`); `null` if the commit is unknown or the file outside the repository. */
  readonly config: string | null
}

const WORKFLOW = /^([^/]+\/[^/]+)\/\.github\/workflows\/([^/@]+)@/

/** Makes the addresses from a step's environment. `configFile` is relative to the root of the repository. Away from a forge both are `null`. */
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
