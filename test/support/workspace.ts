/** A repository's checkout for one test, in a temporary folder that goes when the test ends, or when a file's `afterAll` says so. */

import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { atTestEnd } from './testEnd.ts'

/**
 * Writes the files (path → content, folders made as needed) and resolves to the checkout's path. Beside it the test may write freely.
 * `atEnd` takes the removal; in a hook, where no test has begun, it is the caller's.
 */
export async function makeWorkspace(
  files: Readonly<Record<string, string>> = {},
  atEnd: (remove: () => Promise<void>) => void = atTestEnd,
): Promise<string> {
  let root = ''
  atEnd(() => rm(root, { recursive: true, force: true }))
  root = await realpath(await mkdtemp(join(tmpdir(), 'marina-workspace-')))
  const workspace = join(root, 'repository')
  await mkdir(workspace)
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(workspace, path)), { recursive: true })
    await writeFile(join(workspace, path), content)
  }
  return workspace
}
