/** Reads the repository's workflow files, and the local actions that they use. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, posix } from 'node:path'
import type { WorkflowText } from '../workflows/readWorkflows.ts'

const GITHUB = '.github/workflows'
const GITEA = '.gitea/workflows'
const FORGEJO = '.forgejo/workflows'
const MOST_BYTES = 1024 * 1024
/** Number of files that are read: a repository has dozens. */
const MOST_FILES = 1000

/**
 * Reads the files in the folder that this platform takes its workflows from, and the local actions that they use. What is not there, or
 * cannot be read, is left out. Never throws.
 */
export async function readWorkflowTexts(workspace: string, env: NodeJS.ProcessEnv): Promise<readonly WorkflowText[]> {
  for (const folder of foldersOf(env)) {
    const names = await readdir(join(workspace, folder)).catch((): string[] => [])
    const paths = names
      .filter((name) => /\.ya?ml$/.test(name))
      .sort()
      .map((name) => `${folder}/${name}`)
    const workflows = await readAll(workspace, paths)
    if (workflows.length > 0)
      return [...workflows, ...(await readAll(workspace, await localActions(workspace, workflows)))]
  }
  return []
}

/** Returns the folders of workflows: Gitea and Forgejo take the first that is there, and GitHub knows only its own. */
function foldersOf(env: NodeJS.ProcessEnv): readonly string[] {
  if (env.FORGEJO_ACTIONS === 'true') return [FORGEJO, GITEA, GITHUB]
  if (env.GITEA_ACTIONS === 'true') return [GITEA, GITHUB]
  return env.GITHUB_ACTIONS === 'true' ? [GITHUB] : [GITHUB, GITEA, FORGEJO]
}

/** Returns the paths at which the files of local actions may be (`uses: ./tools/backup`) that workflows name, and those that these name in turn. */
async function localActions(workspace: string, texts: readonly WorkflowText[]): Promise<readonly string[]> {
  const found = new Set<string>()
  let fresh = texts
  while (fresh.length > 0 && found.size < MOST_FILES) {
    const folders = fresh.flatMap(({ text }) =>
      [...text.matchAll(/uses:\s*["']?\.\/([^\s"'#@,}\]]+)/g)].map(([, path]) => path as string),
    )
    const paths = folders
      .map((folder) => posix.normalize(folder))
      .filter((folder) => !folder.startsWith('..') && !/\.ya?ml$/.test(folder))
      .flatMap((folder) => [posix.join(folder, 'action.yml'), posix.join(folder, 'action.yaml')])
      .filter((path) => !found.has(path))
    for (const path of paths) found.add(path)
    fresh = await readAll(workspace, [...new Set(paths)])
  }
  return [...found]
}

async function readAll(workspace: string, paths: readonly string[]): Promise<readonly WorkflowText[]> {
  const texts = await Promise.all(
    paths.slice(0, MOST_FILES).map(async (path): Promise<readonly WorkflowText[]> => {
      const full = join(workspace, path)
      const found = await stat(full).catch(() => null)
      if (!found?.isFile() || found.size > MOST_BYTES) return []
      const text = await readFile(full, 'utf8').catch(() => null)
      return text === null ? [] : [{ path, text }]
    }),
  )
  return texts.flat()
}
