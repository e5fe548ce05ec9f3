/**
 * Restores into place while one docker call of the run breaks, then lets a normal run clean up, and says what is wrong afterwards: a tree or
 * rows that are neither all old nor all new, an application that is not as it was, something of ours that is left, an untrue result.
 */
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type ActionResult, type RunningAction, runAction, startAction } from '../../examples/demo/action.ts'
import type { Engine } from '../../examples/demo/engine.ts'
import { IDLES } from './applications.ts'
import { startServer } from './databases.ts'
import { type BrokenCall, type Fault, faultyDocker } from './faulty-docker.ts'
import { builtImage, filledVolume, leftOf, shell, writeFile } from './run.ts'
import { makeWorkspace } from './workspace.ts'

/** Stores each backup as an archive in the volume at /store, and brings it back. */
export const STORE_BACKUP = `#!/bin/sh
set -e
tar --numeric-owner -C "$MARINA_BACKUP_DIR" -cf "/store/$MARINA_TIMESTAMP.part" .
mv "/store/$MARINA_TIMESTAMP.part" "/store/$MARINA_TIMESTAMP.tar"
`
export const STORE_RESTORE = `#!/bin/sh
set -e
cd /store
if [ -n "$MARINA_RESTORE_LIST" ]; then
  for f in *.tar; do t=\${f%.tar}; echo "$t $(echo "$t" | sed 's/\\(....\\)\\(..\\)\\(..\\)-\\(..\\)\\(..\\)\\(..\\)/\\1-\\2-\\3T\\4:\\5:\\6Z/') $(stat -c %s "$f") bytes"; done
  exit 0
fi
if [ "$MARINA_RESTORE_POINT" = latest ]; then f=$(ls *.tar | tail -n 1); else f=$MARINA_RESTORE_POINT.tar; fi
tar --numeric-owner -xpf "$f" -C "$MARINA_RESTORE_DIR"
eval "$LIE"
`

/** The image that keeps its backups in a volume. */
export const storingImage = (engine: Engine) =>
  builtImage(engine, 'keeps', [
    writeFile('/backup.sh', STORE_BACKUP),
    writeFile('/restore.sh', STORE_RESTORE),
    'RUN chmod 755 /backup.sh /restore.sh',
  ])

/** An odd tree: owners, modes, times, links, names. */
export const ODD_TREE = `
echo one >one; mkdir -p sub/deep; echo two >sub/deep/two; chown 1234:77 sub/deep/two; chmod 4750 sub/deep/two
ln -s one link; ln one hard; mkfifo pipe; printf 'a' >"odd
name"; chmod 2770 sub; touch -d @1000000000 one; chown 33:33 .; chmod 751 .`

const OLD_TREE = `
mkdir -p kept/empty; echo old >kept/old; chown 5:6 kept/old; chmod 640 kept/old; ln kept/old hard; ln -s kept/old link
echo changed >one; touch -d @1100000000 one kept/old kept/empty kept; chown 7:8 .; chmod 705 .; touch -d @1100000001 .`

const IN_VOLUME = ['run', '--rm', '-i', '--network', 'none', '-w', '/v']

function inVolume(engine: Engine, volume: string, script: string): Promise<string> {
  const mount = `type=volume,src=${volume},dst=/v,volume-nocopy`
  return engine.ok([...IN_VOLUME, '--mount', mount, engine.baseImage, 'sh'], { input: `set -e\n${script}` })
}

/** Everything that a listing shows of a volume but the times of folders, which BusyBox's tar does not keep, and the content of its files. */
export function describeVolume(engine: Engine, volume: string): Promise<string> {
  return inVolume(
    engine,
    volume,
    `find . ! -type l ! -type d -print0 | sort -z | xargs -0 -r stat -c '%n|%F|%a|%u|%g|%Y|%h|%s'
find . -type d -print0 | sort -z | xargs -0 stat -c '%n|%a|%u|%g'
find . -type f -print0 | sort -z | xargs -0 -r sha256sum; readlink link || true`,
  )
}

/** One stage for many restores: a volume, perhaps a database, and who uses them. */
export interface FaultStage {
  readonly engine: Engine
  readonly id: string
  readonly volume: string
  readonly server: string | null
  /** Containers that run, and one that does not, and stay so. */
  readonly apps: readonly string[]
  readonly idle: string
  readonly config: string
  /** Folder of the built action, if it is not `dist/`. */
  readonly bundle: string | undefined
  readonly fresh: State
  readonly old: State
  tearDown(): Promise<void>
}

/** What a volume and a database hold. */
interface State {
  readonly tree: string
  readonly rows: string
}

const POLICIES = ['no', 'unless-stopped', 'always']

export interface StageOptions {
  readonly withDatabase: boolean
  /** Folder of the built action; default: `dist/`. */
  readonly bundle?: string | undefined
  /** Shell text of the applications, which have the volume at `/v0`. */
  readonly script?: string
  /** An application for each of these restart policies. */
  readonly policies?: readonly string[]
  /** More for `docker run` of the applications. */
  readonly args?: readonly string[]
  /** Shell text that ends the image's `/restore.sh`. */
  readonly lie?: string
}

/** Makes a stage, and a backup of its data. */
export async function openStage(
  engine: Engine,
  what: string,
  { withDatabase, bundle, script = IDLES, policies = POLICIES, args = [], lie = '' }: StageOptions,
): Promise<FaultStage> {
  const [volume, store] = [
    await filledVolume(engine, `${what}-data`, ODD_TREE),
    await filledVolume(engine, `${what}-store`, ''),
  ]
  const server = withDatabase ? engine.name(`${what}-pg`) : null
  if (server !== null) {
    await startServer(engine, 'postgres', server, { env: { POSTGRES_PASSWORD: 'x y' } })
    await psql(engine, server, 'postgres', 'CREATE DATABASE shop')
    await psql(engine, server, 'shop', 'CREATE TABLE orders AS SELECT n, md5(n::text) FROM generate_series(1, 500) n')
  }
  const id = engine.name(what)
  const config = JSON.stringify({
    instances: [
      {
        id,
        customImage: await storingImage(engine),
        pull: 'never',
        targets: [{ volume, stopAttached: true }, ...(server === null ? [] : [{ db: server }])],
        mounts: [`${store}:/store`],
        env: { LIE: shell(lie) },
      },
    ],
  })
  const stage = { engine, id, volume, server, config, bundle }
  const fresh = await stateOf(stage)
  await runMarina(stage, {}, engine)
  await makeOld(stage)
  const old = await stateOf(stage)
  const [apps, idle] = await startUsers(engine, what, { volume, script, policies, args })
  const tearDown = async () => {
    await engine.docker(['rm', '-fv', ...apps, idle, ...(server === null ? [] : [server])])
    await engine.docker(['volume', 'rm', '-f', volume, store])
  }
  return { ...stage, apps, idle, fresh, old, tearDown }
}

async function startUsers(
  engine: Engine,
  what: string,
  {
    volume,
    script,
    policies,
    args,
  }: { readonly volume: string } & Required<Pick<StageOptions, 'script' | 'policies' | 'args'>>,
): Promise<readonly [apps: readonly string[], idle: string]> {
  const base = ['--network', 'none', '-v', `${volume}:/v0`]
  const command = [engine.baseImage, 'sh', '-c', script]
  const apps: string[] = []
  for (const policy of policies) {
    const name = engine.name(`${what}-${policy}`)
    await engine.ok(['run', '-d', '--name', name, '--restart', policy, ...args, ...base, ...command])
    apps.push(name)
  }
  const idle = engine.name(`${what}-idle`)
  await engine.ok(['create', '--name', idle, ...base, ...command])
  return [apps, idle]
}

type Data = Pick<FaultStage, 'engine' | 'volume' | 'server'>

function psql(engine: Engine, server: string, database: string, input: string): Promise<string> {
  return engine.ok(['exec', '-i', server, 'psql', '-U', 'postgres', '-d', database, '-v', 'ON_ERROR_STOP=1', '-qAt'], {
    input,
  })
}

async function makeOld({ engine, volume, server }: Data): Promise<void> {
  await inVolume(engine, volume, `find . -mindepth 1 -maxdepth 1 -exec rm -rf {} +; chmod u-s,g-s .; ${OLD_TREE}`)
  if (server !== null)
    await psql(
      engine,
      server,
      'shop',
      `DROP TABLE IF EXISTS orders, extra; CREATE TABLE extra(); CREATE TABLE orders AS SELECT n, md5(n::text) FROM generate_series(400, 900) n`,
    )
}

async function stateOf({ engine, volume, server }: Data): Promise<State> {
  const tree = await describeVolume(engine, volume)
  if (server === null) return { tree, rows: '' }
  const rows = await psql(
    engine,
    server,
    'shop',
    `SELECT count(*), md5(string_agg(md5, ',' ORDER BY n)), (SELECT string_agg(tablename, ',' ORDER BY 1) FROM pg_tables WHERE schemaname = 'public') FROM orders`,
  ).catch((error: Error) => `no rows: ${error.message.split('\n').slice(1).join(' ')}`)
  return { tree, rows }
}

function phaseOf(bundle: string | undefined, file: string) {
  return bundle === undefined ? {} : { bundle: join(bundle, file) }
}

const HAND = { GITHUB_EVENT_NAME: 'workflow_dispatch' }

/** Runs the action once on a stage: a backup, or what the inputs say. */
export async function runMarina(
  { config, bundle }: Pick<FaultStage, 'config' | 'bundle'>,
  inputs: Readonly<Record<string, string>>,
  docker: Engine,
): Promise<ActionResult> {
  return inWorkspace(config, (workspace) =>
    runAction({ docker, workspace, inputs, env: HAND, ...phaseOf(bundle, 'index.js') }),
  )
}

async function inWorkspace<T>(config: string, work: (workspace: string) => Promise<T>): Promise<T> {
  let remove = async () => {}
  const workspace = await makeWorkspace({ 'config.yml': config }, (done) => {
    remove = done
  })
  return work(workspace).finally(() => remove())
}

/** A fault of one restore. */
export interface RestoreFault {
  /** The call that breaks. */
  readonly call?: BrokenCall
  /** Something else that happens while the restore runs: with a call that `waits`, at that call. */
  readonly meanwhile?: (running: RunningAction) => Promise<void>
  /** Called when the restore has ended. */
  readonly afterwards?: () => Promise<void>
  /** True if the runner starts `post` before the next run. */
  readonly post?: boolean
}

export interface FaultResult {
  /** The call that was broken; `null` if the run had ended before it. */
  readonly broken: string | null
  /** The output `result` of the restore; empty if it was killed. */
  readonly result: string
  /** What is there after the next run: `old`, `fresh`, or a description. */
  readonly state: string
  readonly problems: readonly string[]
  /** What the runs printed. */
  readonly said: string
}

/** Returns the docker calls of a restore without a fault. */
export async function callsOf(stage: FaultStage): Promise<readonly string[]> {
  await makeOld(stage)
  const folder = await mkdtemp(join(tmpdir(), 'marina-calls-'))
  const docker = await faultyDocker(folder, { fault: 'refused', from: 'never' })
  try {
    await inWorkspace(stage.config, (workspace) => runAction(placeOptions(stage, docker, workspace)))
    return (await docker.calls()).map((line) => line.trim())
  } finally {
    await removeKept(stage)
    await rm(folder, { recursive: true, force: true })
  }
}

function placeOptions(
  { engine, id, bundle }: FaultStage,
  docker: Awaited<ReturnType<typeof faultyDocker>>,
  workspace: string,
) {
  const inputs = { command: 'restore', instances: id, point: 'latest', into: 'place', confirm: id }
  return { docker, workspace, inputs, env: { ...HAND, ...engine.env() }, ...phaseOf(bundle, 'index.js') }
}

/** The runner's patience after a cancel, ms: SIGTERM after the first, SIGKILL after the second. */
const TERM_MS = 7_500
const KILL_MS = 2_500

/** Restores with the fault, cleans up by a run that lists the points, and tells what is wrong. */
export async function restoreUnder(stage: FaultStage, fault: RestoreFault): Promise<FaultResult> {
  await makeOld(stage)
  const folder = await mkdtemp(join(tmpdir(), 'marina-fault-'))
  const call = fault.call ?? { fault: 'refused', from: 'no call' }
  const docker = await faultyDocker(folder, call)
  try {
    return await inWorkspace(stage.config, async (workspace) => {
      const running = await startAction(placeOptions(stage, docker, workspace))
      let isDone = false
      void running.done.finally(() => {
        isDone = true
      })
      if (call.fault === 'action cancelled') void endAsRunner(running, () => isDone, docker.broken)
      if (call.fault === 'waits') await untilBroken(docker.broken, () => isDone)
      await fault.meanwhile?.(running)
      if (call.fault === 'waits') await docker.release()
      const ran = await running.done
      await docker.release().catch(() => {})
      await fault.afterwards?.()
      const problems = ran.code === null ? [] : await judgeEnd(stage, ran)
      const posted = fault.post ? await ran.post({ docker: stage.engine, ...phaseOf(stage.bundle, 'post.js') }) : null
      const next = await runMarina(stage, { command: 'restore', instances: stage.id }, stage.engine)
      const rest = await judgeRest(stage, next)
      const said = [ran, posted, next]
        .map((one) => (one === null ? '' : `${one.stdout}${one.stderr}`))
        .join('\n=====\n')
      const broken = (await docker.broken())?.trim() ?? null
      const { result = '' } = ran.outputs
      return { broken, result, state: rest.state, problems: [...problems, ...rest.problems], said }
    })
  } finally {
    await removeKept(stage)
    await rm(folder, { recursive: true, force: true })
  }
}

async function untilBroken(broken: () => Promise<string | null>, isDone: () => boolean): Promise<void> {
  while (!isDone() && (await broken()) === null) await delay(50)
}

async function endAsRunner(
  running: Awaited<ReturnType<typeof startAction>>,
  isDone: () => boolean,
  broken: () => Promise<string | null>,
): Promise<void> {
  await untilBroken(broken, isDone)
  await delay(TERM_MS)
  if (isDone()) return
  running.kill('SIGTERM')
  await delay(KILL_MS)
  if (!isDone()) running.kill('SIGKILL')
}

function whichState({ fresh, old }: FaultStage, { tree, rows }: State): 'old' | 'fresh' | string {
  const of = (value: string, was: string, is: string) =>
    value === was ? 'old' : value === is ? 'fresh' : `neither: ${value}`
  const [ofTree, ofRows] = [of(tree, old.tree, fresh.tree), of(rows, old.rows, fresh.rows)]
  if (rows === '' || ofTree === ofRows) return ofTree
  return `tree ${ofTree}, rows ${ofRows}`
}

/** Judges a run that ended by itself: what it says of the data must be so. */
async function judgeEnd(stage: FaultStage, ran: ActionResult): Promise<string[]> {
  const problems: string[] = []
  const state = whichState(stage, await stateOf(stage))
  const { result = '' } = ran.outputs
  if (result === 'restored' && state !== 'fresh') problems.push(`says restored, and is ${state}`)
  if (result === 'failed' || result === 'cancelled') {
    const saysOld = /old data is in place again|old data was put back|Nothing was changed/i.test(ran.stdout)
    const saysNew = /restored data is in place/i.test(ran.stdout)
    const saysHalf = /could not be put back/i.test(ran.stdout)
    if (saysOld && !saysHalf && state !== 'old') problems.push(`says that the old data is there, and is ${state}`)
    if (state === 'fresh' && !saysNew) problems.push(`${result}, and all is new without a word of it`)
    if (state !== 'fresh' && state !== 'old' && !saysHalf) problems.push(`${result}, without a word of ${state}`)
  }
  if (/A? bug in Marina/.test(ran.stdout)) problems.push('a bug in Marina')
  if (result === '') problems.push(`exit ${ran.code} without a result`)
  return problems
}

/** Judges what is there after the next normal run. */
async function judgeRest(
  stage: FaultStage,
  next: ActionResult,
): Promise<{ readonly state: string; readonly problems: readonly string[] }> {
  const { engine, apps, idle, id, volume, old } = stage
  const problems: string[] = []
  const state = whichState(stage, await stateOf(stage))
  if (state !== 'old' && state !== 'fresh') problems.push(`after the next run: ${state}`)
  for (const app of apps) {
    const status = await engine.ok(['container', 'inspect', '--format', '{{.State.Status}}', app])
    if (status !== 'running') problems.push(`${app} is ${status}`)
  }
  const status = await engine.ok(['container', 'inspect', '--format', '{{.State.Status}}', idle])
  if (status !== 'created') problems.push(`${idle} is ${status}`)
  const left = await leftOf(engine, id)
  if (left.length > 0) problems.push(`left: ${left.join(' | ')}`)
  const kept = await keptVolumes(stage)
  if (state === 'fresh' && kept.length === 0) problems.push('the old data is not kept')
  if (state === 'old' && kept.length > 0) problems.push(`left of nothing: ${kept.join(', ')}`)
  for (const name of kept.filter((one) => one.startsWith(volume)))
    if (state === 'fresh' && (await describeVolume(engine, name)) !== old.tree)
      problems.push(`${name} is not the old data`)
  if (next.code !== 0) problems.push(`the next run ends with ${next.code}`)
  return { state, problems }
}

async function keptVolumes({ engine, volume, id }: FaultStage): Promise<readonly string[]> {
  const names = (await engine.ok(['volume', 'ls', '-q'])).split('\n')
  return names.filter((name) => name.startsWith(`${volume}-before-`) || name.startsWith(`${id}-dumps-before-`))
}

/** Removes what earlier restores kept, and what a fault left. */
async function removeKept(stage: FaultStage): Promise<void> {
  const { engine, id, apps } = stage
  const left = (await leftOf(engine, id)).map((line) => line.split(' ')[0] ?? '')
  if (left.length > 0) await engine.docker(['rm', '-fv', ...left])
  await engine.docker(['start', ...apps])
  const kept = await keptVolumes(stage)
  if (kept.length > 0) await engine.docker(['volume', 'rm', '-f', ...kept])
}

/** Kinds of faults, with how many of ten samples are of it: calls that hang take minutes. */
const SAMPLED: readonly Fault[] = [
  'action killed before',
  'action killed before',
  'action killed after',
  'action killed after',
  'action cancelled',
  'action cancelled',
  'refused',
  'broken line',
  'killed before',
  'killed after',
]

/** Returns the `index`th random fault of a seed, for a restore of so many calls. */
export function sampleFault(seed: number, index: number, calls: number): RestoreFault {
  const random = (salt: string) =>
    createHash('sha256').update(`${seed} ${index} ${salt}`).digest().readUInt32BE() / 2 ** 32
  const fault = SAMPLED[Math.floor(random('fault') * SAMPLED.length)] ?? 'refused'
  return { call: { fault, from: '*', plus: Math.floor(random('call') * calls) }, post: random('post') < 0.5 }
}
