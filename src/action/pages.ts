/** Makes the addresses of two pages of the forge: this run's workflow, and the configuration file. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'

interface Pages {
  /**
   * Address of the workflow's page, with its button "Run workflow"; `null` if the forge has no such page, or the workflow is another
   * repository's.
   */
  readonly workflow: string | null
  /**
   * Address of the configuration file at this commit, without a line (`#L12`); `null` if the commit is unknown or not the one that is checked
   * out, and if the file lies outside the repository or in a further checkout inside it.
   */
  readonly config: string | null
}

const WORKFLOW = /^([^/]+\/[^/]+)\/\.github\/workflows\/([^/@]+)@/

/**
 * Makes the addresses from a step's environment. `configFile` is relative to the root of the repository. Away from a forge, and on act, both
 * are `null`.
 */
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
  const commit = env.GITHUB_SHA ?? ''
  const isOther = isOtherCheckout(env.GITHUB_WORKSPACE ?? '', configFile, commit)
  return { workflow, config: isOther ? null : configPage(base, commit, configFile, isGitea) }
}

function configPage(base: string, commit: string, configFile: string, isGitea: boolean): string | null {
  const path = posix.normalize(configFile)
  if (!/^[0-9a-f]{7,64}$/.test(commit) || posix.isAbsolute(path) || path.startsWith('..')) return null
  const encoded = path.split('/').map(encodeURIComponent).join('/')
  return `${base}/${isGitea ? 'src/commit' : 'blob'}/${commit}/${encoded}`
}

/**
 * Tells whether the file is known to lie in a checkout of another commit, or in one below the workspace (`actions/checkout` with `path`),
 * which may be of another repository. False if the workspace does not tell, as after a download without git.
 */
function isOtherCheckout(workspace: string, configFile: string, commit: string): boolean {
  if (workspace === '') return false
  for (let folder = dirname(posix.normalize(configFile)); folder !== '.'; folder = dirname(folder)) {
    if (folder === '/' || folder.startsWith('..')) return false // it is outside, and has no page anyway
    if (existsSync(join(workspace, folder, '.git'))) return true
  }
  const head = checkedOut(join(workspace, '.git'))
  return head !== null && head !== commit
}

/** Returns the commit that the git directory has checked out; `null` if its files do not tell. */
function checkedOut(git: string): string | null {
  const head = textOf(join(git, 'HEAD'))
  const reference = /^ref: (refs\/\S+)$/.exec(head)?.[1]
  const commit = reference === undefined ? head : textOf(join(git, reference)) || packed(git, reference)
  return /^[0-9a-f]{40,64}$/.test(commit) ? commit : null
}

function packed(git: string, reference: string): string {
  const line = textOf(join(git, 'packed-refs'))
    .split('\n')
    .find((one) => one.endsWith(` ${reference}`))
  return line?.split(' ')[0] ?? ''
}

/** Returns the text of a file, without the space around it; empty if it cannot be read. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}
