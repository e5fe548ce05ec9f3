/** A backup through the built action: images that do as they are told, runs of a configuration, what people see of them, and what must be gone afterwards. */

import { afterAll, beforeAll, expect, inject, TestRunner } from 'vitest'
import {
  type ActionOptions,
  type ActionResult,
  type RunningAction,
  runAction,
  startAction,
} from '../../examples/demo/action.ts'
import { attachEngine, type Engine } from '../../examples/demo/engine.ts'
import { VERSION_LABEL } from '../../src/docker/labels.ts'
import type { InstanceReport } from '../../src/outcome.ts'
import { atTestEnd } from './testEnd.ts'
import { makeWorkspace } from './workspace.ts'

/** A configuration as data (JSON is YAML), or as text where lines matter. */
export type ConfigText = string | { readonly instances: readonly Readonly<Record<string, unknown>>[] }

export interface JobOptions extends Partial<Omit<ActionOptions, 'docker' | 'workspace'>> {
  /** Further files of the repository. */
  readonly files?: Readonly<Record<string, string>>
}

/** The engine of this run of the tests. */
export function testEngine(): Engine {
  return attachEngine(inject('engine'))
}

/**
 * Prepares what many engine tests of one file share: an image that runs the shell text of `DO`, and a volume with a file, which is removed
 * after the file's last test. `instance` makes an instance of the two; `more` adds or replaces keys, and adds to `env`.
 */
export function given(what: string) {
  const engine = testEngine()
  const id = (name: string) => engine.name(name)
  const volume = id(what)
  let image = ''
  beforeAll(async () => {
    image = await toldImage(engine)
    await filledVolume(engine, what)
  })
  afterAll(async () => {
    await engine.docker(['volume', 'rm', volume])
  })
  const instance = (
    name: string,
    text: string,
    { env, ...more }: { readonly env?: object; readonly [key: string]: unknown } = {},
  ) => ({
    id: id(name),
    customImage: image,
    pull: 'never',
    targets: [{ volume }],
    env: { DO: shell(text), ...env },
    ...more,
  })
  return { engine, id, volume, instance }
}

/** Runs `backup` of the configuration to its end, as the runner would. */
export async function runJob(engine: Engine, config: ConfigText, options: JobOptions = {}): Promise<ActionResult> {
  return runAction(await jobOptions(engine, config, options))
}

export async function startJob(engine: Engine, config: ConfigText, options: JobOptions = {}): Promise<RunningAction> {
  return startAction(await jobOptions(engine, config, options))
}

async function jobOptions(engine: Engine, config: ConfigText, { files, ...options }: JobOptions) {
  const text = typeof config === 'string' ? config : JSON.stringify(config, null, 1)
  const workspace = await makeWorkspace({ 'config.yml': text, ...files })
  return { docker: engine, workspace, ...options }
}

/**
 * An image whose `/backup.sh` runs the shell text of its variable `DO`: one image serves many tests. `lines` are added to its
 * Dockerfile. It is made once an engine and name.
 */
export async function toldImage(engine: Engine, what = 'told', lines: readonly string[] = []): Promise<string> {
  const script = '#!/bin/sh\neval "$DO"\n'
  return builtImage(engine, what, [writeFile('/backup.sh', script), 'RUN chmod 755 /backup.sh', ...lines])
}

/** An image made of the engine's base by the lines of a Dockerfile. */
export async function builtImage(engine: Engine, what: string, lines: readonly string[]): Promise<string> {
  const image = `${engine.name(what)}:latest`
  if ((await engine.docker(['image', 'inspect', image])).code === 0) return image
  await engine.ok(['build', '-q', '-t', image, '-'], {
    input: `FROM ${engine.baseImage}\n${lines.join('\n')}\n`,
    // the engine's own builder sees local images and leaves its result there; another one may do neither
    env: { ...process.env, BUILDX_BUILDER: 'default' },
  })
  return image
}

/** A Dockerfile line that writes a file, whatever is in it. */
export function writeFile(path: string, content: string): string {
  return `RUN echo ${Buffer.from(content).toString('base64')} | base64 -d >${path}`
}

/** Shell text for a string of the configuration: its `$` are the container's own. */
export function shell(text: string): string {
  return text.replaceAll('$', '$$$$')
}

/** A volume of this engine's names with these files in it. What a test makes goes when it ends; what a hook makes, with the engine. */
export async function filledVolume(
  engine: Engine,
  what: string,
  script = 'echo data >file',
  labels: Readonly<Record<string, string>> = {},
): Promise<string> {
  const name = engine.name(what)
  await engine.ok([
    'volume',
    'create',
    ...Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
    name,
  ])
  if (TestRunner.getCurrentTest()) atTestEnd(async () => void (await engine.docker(['volume', 'rm', '-f', name])))
  if (script !== '') {
    const mount = `type=volume,src=${name},dst=/v,volume-nocopy`
    await engine.ok(['run', '--rm', '-i', '--network', 'none', '--mount', mount, '-w', '/v', engine.baseImage, 'sh'], {
      input: `set -e\n${script}`,
    })
  }
  return name
}

/** The report of one instance of a run. */
export function reportOf(ran: ActionResult, id: string): InstanceReport {
  const found = ran.report?.instances.find((one) => one.id === id)
  if (found) return found
  throw new Error(`no report of ${id}:\n${ran.stdout}\n${ran.stderr}`)
}

/** All of Marina's own containers and volumes on the engine that hold the text, without the records: none is what a test wants to see in the end. */
export async function leftOf(engine: Engine, text = engine.prefix): Promise<string[]> {
  const filter = ['--filter', `label=${VERSION_LABEL}`]
  const containers = await engine.ok(['ps', '-a', ...filter, '--format', '{{.Names}} {{.Labels}}'])
  const volumes = await engine.ok(['volume', 'ls', ...filter, '--format', '{{.Name}} {{.Labels}}'])
  const isRecord = (line: string) => /^marina-record[-.]/.test(line) // it is meant to stay
  return `${containers}\n${volumes}`.split('\n').filter((line) => line.includes(text) && line !== '' && !isRecord(line))
}

/** Every line of a person's view: no stack trace, no bug of ours. */
export function expectNoTrace(ran: ActionResult): void {
  const said = `${ran.stdout}\n${ran.stderr}\n${ran.summary}`
  expect(said).not.toMatch(/^\s+at .*\d+:\d+\)?$/m)
  expect(said).not.toMatch(/A? bug in Marina/i)
  expect(ran.stderr).toBe('')
}
