/** Finds Node 20.19, the oldest that the bundle promises to run on: on the PATH, else from the npm registry. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { run, runOk } from '../../examples/demo/process.ts'

export interface Node20 {
  /** The path of the program. */
  readonly path: string
  /** Removes what was downloaded. */
  dispose(): Promise<void>
}

/** A Node of the 20 line, 20.19 or later. Rejects where it can neither be found nor downloaded. */
export async function findNode20(): Promise<Node20> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, 'node')
    const version = await run(path, ['--version'], { timeoutMs: 10_000 }).catch(() => null)
    if (version?.code === 0 && isNode20(version.stdout)) return { path, dispose: async () => {} }
  }
  const folder = await mkdtemp(join(tmpdir(), 'marina-node20-'))
  const dispose = () => rm(folder, { recursive: true, force: true })
  try {
    // The package of the program alone: no install script takes part.
    const name = `node-${process.platform}-${process.arch}`
    await runOk('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', folder, `${name}@20.19`], {
      timeoutMs: 300_000,
    })
    const path = join(folder, 'node_modules', name, 'bin/node')
    if (!isNode20(await runOk(path, ['--version']))) throw new Error(`${name}@20.19 is not Node 20.19`)
    return { path, dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

function isNode20(version: string): boolean {
  const [, minor] = /^v20\.(\d+)\./.exec(version) ?? []
  return minor !== undefined && Number(minor) >= 19
}
