/** A backup through the built action against the engine of the tests: a configuration in, what people see out. */

import { inject, onTestFinished } from 'vitest'
import { type ActionOptions, type ActionResult, runAction, startAction } from './action.ts'
import { attachEngine, type Engine } from './engine.ts'
import { makeWorkspace } from './workspace.ts'

/** The engine of this run of the tests. */
export function testEngine(): Engine {
  return attachEngine(inject('engine'))
}

export interface BackupOptions extends Partial<ActionOptions> {
  /** `config.yml`, whose volumes and ids carry the engine's prefix. */
  readonly config: string
  /** Further files of the repository. */
  readonly files?: Readonly<Record<string, string>>
}

/** Runs a backup to its end. `upload-logs` is off: no artifact server is there. */
export async function backUp(options: BackupOptions): Promise<ActionResult> {
  return runAction(await actionOptions(options))
}

/** Starts one, to be signalled on its way. */
export async function startBackup(options: BackupOptions) {
  return startAction(await actionOptions(options))
}

async function actionOptions({ config, files, ...options }: BackupOptions): Promise<ActionOptions> {
  const workspace = await makeWorkspace({ 'config.yml': config, ...files })
  return { docker: testEngine(), workspace, ...options, inputs: { 'upload-logs': 'false', ...options.inputs } }
}

/** A volume filled by a shell script that runs in it, removed when the test ends. Resolves to its name. */
export async function makeVolume(
  engine: Engine,
  name: string,
  script = 'echo data >file',
  labels: readonly string[] = [],
) {
  const volume = engine.name(name)
  await engine.ok(['volume', 'create', ...labels.flatMap((label) => ['--label', label]), volume])
  onTestFinished(async () => void (await engine.ok(['volume', 'rm', '-f', volume])))
  const mount = `type=volume,src=${volume},dst=/v`
  await engine.ok(['run', '--rm', '--mount', mount, '-w', '/v', engine.baseImage, 'sh', '-euc', script])
  return volume
}

/** The names of all containers and volumes of the engine: what a test compares before and after. */
export async function leftovers(engine: Engine): Promise<string[]> {
  const containers = await engine.ok(['ps', '-a', '--format', 'container {{.Names}}'])
  const volumes = await engine.ok(['volume', 'ls', '--format', 'volume {{.Name}}'])
  return `${containers}\n${volumes}`
    .split('\n')
    .filter((line) => line !== '')
    .sort()
}
