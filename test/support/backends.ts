/** Backups by the images of `examples/images` to real servers: the images, the servers, runs of both scripts, and what came back. */

import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import { type TestServer, testServer } from '../../.ci/testServers.ts'
import type { ActionResult } from '../../examples/demo/action.ts'
import type { Engine } from '../../examples/demo/engine.ts'
import type { Ran } from '../../examples/demo/process.ts'
import { describeTrees, inVolume } from './bench.ts'
import { runJob } from './run.ts'
import { ATTRIBUTES, CONTENT } from './treeContent.ts'

const EXAMPLES = join(import.meta.dirname, '../../examples/images')

/** The image of a folder of `examples/images`. Left out, its base holds the packages that its Dockerfile names and what `describeTrees` needs. */
export async function exampleImage(engine: Engine, name: string, ownBase = ''): Promise<string> {
  const image = `${engine.name(`example-${name}`)}:latest`
  if ((await engine.docker(['image', 'inspect', image])).code === 0) return image
  const base = ownBase === '' ? await debianWith(engine, await packagesOf(name)) : ownBase
  const env = { ...process.env, DOCKER_BUILDKIT: '0', BUILDX_BUILDER: 'default' }
  const args = ['build', '-q', '--network', 'none', '--build-arg', `BASE_IMAGE=${base}`, '-t', image]
  await engine.ok([...args, join(EXAMPLES, name)], { env })
  return image
}

/** One image for all packages of all examples: each further one would cost half a minute. */
const ALL_PACKAGES = [
  'age',
  'borgbackup',
  'ca-certificates',
  'curl',
  'gpg',
  'gpg-agent',
  'openssh-client',
  'rclone',
  'restic',
  'rsync',
]

export async function debianWith(engine: Engine, packages: readonly string[] = []): Promise<string> {
  const unknown = packages.filter((name) => !ALL_PACKAGES.includes(name))
  if (unknown.length > 0) throw new Error(`ALL_PACKAGES lacks ${unknown.join(', ')}`)
  return engine.debian([...ALL_PACKAGES, 'acl', 'attr', 'libatomic1', 'libstdc++6', 'openssh-server', 'openssl'])
}

/** The Debian packages that the Dockerfile of an example installs. */
async function packagesOf(name: string): Promise<readonly string[]> {
  const text = await readFile(join(EXAMPLES, name, 'Dockerfile'), 'utf8')
  const listed = /apt-get install -y --no-install-recommends ([^&]+)&&/.exec(text)?.[1]
  return listed?.trim().split(/\s+/) ?? []
}

export interface RunningServer {
  readonly container: string
  readonly address: string
  stop(): Promise<void>
  start(): Promise<void>
  remove(): Promise<void>
}

export interface ServerOptions {
  /** Its program comes from `.ci/testServers.ts`, and lies in `/server`. Left out: the image has it. */
  readonly program?: TestServer
  /** The shell text that starts it. `node` is there, and the files of `test/support` that `scripts` names lie in `/`. */
  readonly run: string
  readonly scripts?: readonly string[]
  /** What the server prints when it serves. */
  readonly says: RegExp
  /** Of `docker create`. */
  readonly args?: readonly string[]
}

/** Starts a server in a container of the engine. */
export async function startBackend(engine: Engine, what: string, options: ServerOptions): Promise<RunningServer> {
  const container = engine.name(`server-${what}`)
  const image = await debianWith(engine)
  await engine.ok(['create', '--name', container, ...(options.args ?? []), image, 'sh', '-ec', options.run])
  const bring = (from: string, to: string) => engine.ok(['cp', from, `${container}:${to}`])
  if (options.program !== undefined) {
    const found = await testServer(options.program)
    if ('missing' in found) throw new Error(`${options.program}: ${found.missing}`)
    await bring(found.folder, '/server')
  }
  for (const script of options.scripts ?? []) await bring(join(import.meta.dirname, script), `/${script}`)
  if (/\bnode\b/.test(options.run)) await bring(process.execPath, '/usr/local/bin/node')
  const start = async () => {
    const before = (await logOf(engine, container)).length
    await engine.ok(['start', container])
    const isUp = async () => expect((await logOf(engine, container)).slice(before)).toMatch(options.says)
    await vi.waitFor(isUp, { timeout: 240_000, interval: 100 })
  }
  await start()
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'
  const address = await engine.ok(['container', 'inspect', '--format', format, container])
  return {
    container,
    address,
    start,
    stop: async () => void (await engine.ok(['kill', container])),
    remove: async () => void (await engine.docker(['rm', '-fv', container])),
  }
}

/** What rclone says of a server that went down while it stored; how the connection ends depends on the moment. */
export const WENT_DOWN = /(dial tcp|connection reset|EOF)[\s\S]*The upload of .* failed/

/** A server in front of another one, at the same port, that goes down when it has received so many bytes. */
export function startDyingServer(
  engine: Engine,
  server: RunningServer,
  port: number,
  args: readonly string[] = [],
): Promise<RunningServer> {
  return startBackend(engine, `dying-${randomBytes(3).toString('hex')}`, {
    run: 'exec node /cutProxy.mjs',
    scripts: ['cutProxy.mjs'],
    says: /listens/,
    args: ['-e', `TARGET=${server.address}:${port}`, '-e', `PORT=${port}`, '-e', 'BYTES=200000', ...args],
  })
}

async function logOf(engine: Engine, container: string): Promise<string> {
  const { stdout, stderr } = await engine.docker(['logs', container])
  return `${stdout}${stderr}`
}

/** A backup by an image, and the restore that fits it. */
export interface Backend {
  readonly engine: Engine
  readonly image: string
  /** The instance's id, and the name of its volume. */
  readonly id: string
  readonly env: Readonly<Record<string, string>>
  /** Further keys of the instance: `network`, `mounts`, `layout`. */
  readonly keys?: Readonly<Record<string, unknown>>
  /** Of `docker run` of a restore, where `keys` has a network or mounts. */
  readonly restoreArgs?: readonly string[]
  /** What a restore alone needs. */
  readonly restoreEnv?: Readonly<Record<string, string>>
}

/** Fills the backend's volume with all that an archive keeps. */
export async function fillSource({ engine, id }: Backend): Promise<void> {
  await engine.ok(['volume', 'create', id])
  await inVolume(engine, await debianWith(engine), id, CONTENT + ATTRIBUTES)
}

export async function removeBackend(backend: Backend | undefined, server: RunningServer | undefined): Promise<void> {
  await server?.remove()
  if (backend) await backend.engine.docker(['volume', 'rm', backend.id])
}

/** Changes the source, and runs `more` in it: one file is new, one gone, one longer. */
export async function changeSource({ engine, id }: Backend, more = ''): Promise<void> {
  const script = `printf new >'since yesterday'; rm -f -- -rf; printf more >>deep/one\n${more}`
  await inVolume(engine, await debianWith(engine), id, script)
}

/** Backs up by the built action. */
export async function store(backend: Backend, keys: Readonly<Record<string, unknown>> = {}): Promise<ActionResult> {
  return runJob(backend.engine, { instances: [{ ...instanceOf(backend), ...keys }] })
}

function instanceOf({ id, image, env, keys }: Backend) {
  const literal = Object.fromEntries(Object.entries(env).map(([key, value]) => [key, value.replaceAll('$', '$$$$')]))
  return { id, customImage: image, pull: 'never', targets: [{ volume: id }], env: literal, ...keys }
}

/** Restores a point by the built action, into a new volume, and describes that. */
export async function treeOfRestore(backend: Backend, point: string, fine: boolean): Promise<string> {
  const { engine, id, env, restoreEnv } = backend
  const ran = await runJob(
    engine,
    { instances: [instanceOf({ ...backend, env: { ...env, ...restoreEnv } })] },
    { inputs: { command: 'restore', instances: id, point }, env: { GITHUB_EVENT_NAME: 'workflow_dispatch' } },
  )
  expect(ran, ran.stdout).toMatchObject({ code: 0, outputs: { result: 'restored' } })
  const volume = `${id}-restored-${point}`
  try {
    return await treeOf(engine, volume, '', fine)
  } finally {
    await engine.ok(['volume', 'rm', volume])
  }
}

/** Backs up a run that lacks a target, which must prune nothing. */
export async function storePartly(
  backend: Backend,
  keys: Readonly<Record<string, unknown>> = {},
): Promise<ActionResult> {
  const targets = [{ volume: backend.id }, { volume: `${backend.id}-missing` }]
  const ran = await store(backend, { targets, ...keys })
  expect(ran.outputs.result, ran.stdout).toBe('partial')
  return ran
}

export function expectStored(ran: ActionResult): void {
  expect(ran, ran.stdout).toMatchObject({ code: 0, outputs: { result: 'success' } })
}

/** Holds that the backup failed, and that its log names the cause. */
export function expectFailed(ran: ActionResult, cause: RegExp): void {
  expect(ran, ran.stdout).toMatchObject({ code: 1, outputs: { result: 'failed' } })
  expect(ran.stdout).toMatch(cause)
}

/** Runs `/restore.sh` as the contract says, with an empty volume at `/restore`. */
export async function runRestore(
  backend: Backend,
  env: Readonly<Record<string, string>>,
  volume: string,
): Promise<Ran> {
  const { engine, image, id } = backend
  const all = {
    MARINA_CONTRACT: '1',
    MARINA_INSTANCE_ID: id,
    MARINA_HOSTNAME: 'host',
    MARINA_RESTORE_DIR: '/restore',
    ...backend.env,
    ...backend.restoreEnv,
    ...env,
  }
  const args = Object.keys(all).flatMap((key) => ['-e', key])
  const mounts = ['-v', `${volume}:/restore`, ...(backend.restoreArgs ?? [])]
  return engine.docker(['run', '--rm', ...mounts, ...args, image, '/restore.sh'], { env: { ...process.env, ...all } })
}

/** The points that `/restore.sh` lists, newest last. Each line is held to the contract. */
export async function listPoints(backend: Backend): Promise<readonly string[]> {
  const { engine, id } = backend
  const volume = `${id}-list`
  const ran = await runRestore(backend, { MARINA_RESTORE_LIST: '1' }, volume)
  expect(ran, ran.stderr).toMatchObject({ code: 0 })
  const left = await inVolume(engine, await debianWith(engine), volume, 'ls -A')
  await engine.ok(['volume', 'rm', volume])
  expect(left, 'a list writes nothing').toBe('')
  const lines = ran.stdout.split('\n').filter((line) => line !== '')
  for (const line of lines) expect(line).toMatch(/^\S+ \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ( \S.*)?$/)
  return lines.map((line) => line.split(' ')[0] ?? '')
}

/** Restores a point by the image, and describes what it says that the source's volume was then. */
export async function restoredTree(backend: Backend, point: string, fine = true): Promise<string> {
  const { engine, id } = backend
  const volume = `${id}-restored`
  const ran = await runRestore(backend, { MARINA_RESTORE_POINT: point }, volume)
  expect(ran, ran.stderr).toMatchObject({ code: 0, stdout: '' })
  try {
    const manifest = await inVolume(engine, await debianWith(engine), volume, 'cat manifest.json')
    expect(JSON.parse(manifest)).toMatchObject({ version: expect.anything() })
    return await treeOf(engine, volume, `/volume/${id}`, fine)
  } finally {
    await engine.ok(['volume', 'rm', volume])
  }
}

export async function sourceTree({ engine, id }: Backend, fine = true): Promise<string> {
  return treeOf(engine, id, '', fine)
}

export async function treeOf(engine: Engine, volume: string, folder: string, fine: boolean): Promise<string> {
  const container = `${volume}-described`
  const image = await debianWith(engine)
  await engine.ok(['run', '-d', '--name', container, '-v', `${volume}:/v:ro`, image, 'sleep', '600'])
  try {
    const [tree = ''] = await describeTrees(engine, container, [`/v${folder}`], { fine })
    return tree
  } finally {
    await engine.docker(['rm', '-fv', container])
  }
}

export interface RoundOptions {
  /** Restores the point named `POINT` by the tool's own commands, into `/restore`. */
  readonly byHand?: string
  /** Whether the tool keeps nanoseconds, ACLs and attributes. */
  readonly fine?: boolean
  /** Whether the tool tells a partial backup from a whole one. */
  readonly marksPartial?: boolean
  /** Whether the tool keeps the oldest backup while there are fewer than the rule asks for. */
  readonly keepsOldest?: boolean
}

/**
 * Three backups with a change between them. The second lacks a target: it deletes nothing, and is not the latest. The third deletes the first,
 * since the rule keeps one a day. Each is restored as the source was.
 */
export async function storedAndRestored(backend: Backend, options: RoundOptions = {}): Promise<ActionResult[]> {
  const { byHand, fine = true, marksPartial = true, keepsOldest = false } = options
  expect(await listPoints(backend)).toEqual([])
  const first = await sourceTree(backend, fine)
  const ran = [await store(backend)]
  expectStored(ran[0] as ActionResult)
  expect(ran[0]?.report?.instances[0]?.result, 'what the image told').toMatchObject(
    marksPartial ? { snapshot: expect.any(String) } : { files: expect.any(Number) },
  )
  await changeSource(backend)
  const second = await sourceTree(backend, fine)
  expect(second).not.toBe(first)
  ran.push(await storePartly(backend))
  const points = await listPoints(backend)
  expect(points).toHaveLength(2)
  expect(await restoredTree(backend, points[0] ?? '', fine)).toBe(first)
  expect(await restoredTree(backend, points[1] ?? '', fine)).toBe(second)
  expect(await restoredTree(backend, 'latest', fine)).toBe(marksPartial ? first : second)
  if (byHand !== undefined) {
    const script = byHand.replace(/\bPOINT\b/g, points[1] ?? '')
    expect(await treeByHand(backend, script, fine)).toBe(second)
  }
  await changeSource(backend, 'printf even >more')
  const third = await sourceTree(backend, fine)
  ran.push(await store(backend))
  expectStored(ran[2] as ActionResult)
  const left = await listPoints(backend)
  expect(left.includes(points[0] ?? '')).toBe(keepsOldest)
  expect(left.includes(points[1] ?? '')).toBe(marksPartial)
  expect(await treeOfRestore(backend, left.at(-1) ?? '', fine)).toBe(third)
  return ran
}

async function treeByHand(backend: Backend, script: string, fine: boolean): Promise<string> {
  const { engine, image, id } = backend
  const volume = `${id}-by-hand`
  const own = { ...backend.env, ...backend.restoreEnv }
  const args = Object.keys(own).flatMap((key) => ['-e', key])
  const mounts = ['-v', `${volume}:/restore`, ...(backend.restoreArgs ?? [])]
  const env = { ...process.env, ...own }
  await engine.ok(['run', '--rm', ...mounts, ...args, '--entrypoint', 'sh', image, '-ec', script], { env })
  try {
    return await treeOf(engine, volume, `/volume/${id}`, fine)
  } finally {
    await engine.ok(['volume', 'rm', volume])
  }
}

export interface Trouble {
  readonly name: string
  readonly env: Readonly<Record<string, string>>
  readonly says: RegExp
}

/** Each trouble fails the backup in words that name its cause, and adds no point; the next backup succeeds. */
export async function failsInWords(backend: Backend, troubles: readonly Trouble[]): Promise<void> {
  const before = await listPoints(backend)
  for (const { env, says } of troubles) {
    expectFailed(await store({ ...backend, env: { ...backend.env, ...env } }), says)
    expect(await listPoints(backend)).toEqual(before)
  }
  expectStored(await store(backend))
}
