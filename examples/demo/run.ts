/** `npm start`: runs the built action on a demonstration repository, as the runner would, and removes what it made. */

import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ActionOptions, type ActionResult, type RunningAction, startAction } from './action.ts'
import { importBusybox } from './base-image.ts'
import { type OwnedEngine, reachableEngine, startPrivateEngine } from './engine.ts'
import { NoEngineError } from './packages.ts'
import { renderLog } from './render.ts'

const IMAGE_FOLDER = join(import.meta.dirname, '../custom-backup-image')
const BASE_IMAGE = 'alpine:3.22'

/** What Ctrl-C ends: the action first, so that everything after it is tidied as usual. */
const interrupted: { by: NodeJS.Signals | null; running: RunningAction | null } = { by: null, running: null }
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    interrupted.by ??= signal
    interrupted.running?.kill(signal)
  })
}

try {
  process.exitCode = await demonstrate()
} catch (error) {
  console.error(error instanceof NoEngineError ? error.message : error)
  process.exitCode = 1
}

async function demonstrate(): Promise<number> {
  const options = { prefix: 'marina-demo', say: console.log }
  const engine = (await reachableEngine(options)) ?? (await startPrivateEngine(options))
  console.log(
    engine.kind === 'private'
      ? 'No Docker engine answers: a private one was started in a temporary folder, and is removed at the end.'
      : `Using the Docker engine that answers (${engine.host}); everything made here is called ${engine.prefix}-…`,
  )
  const undo: (() => Promise<unknown>)[] = [() => engine.stop()]
  try {
    const image = await buildImage(engine, undo)
    await fillVolume(engine, image)
    if (interrupted.by) return 130
    return await backUp(engine, image)
  } finally {
    for (const step of undo.reverse()) await step()
    console.log('Removed: the containers, volumes and images that this made.')
  }
}

/** The example image, on the base that its Dockerfile names where a registry has it, else on the distribution's BusyBox. */
async function buildImage(engine: OwnedEngine, undo: (() => Promise<unknown>)[]): Promise<string> {
  const image = `${engine.name('image')}:latest`
  const base = await baseImage(engine, undo)
  console.log(`Building the example image on ${base} …`)
  await engine.ok(['build', '-q', '--build-arg', `BASE_IMAGE=${base}`, '-t', image, IMAGE_FOLDER], {
    // The engine's own builder sees local images and leaves its result there; another one may do neither.
    env: { ...process.env, BUILDX_BUILDER: 'default' },
  })
  return image
}

async function baseImage(engine: OwnedEngine, undo: (() => Promise<unknown>)[]): Promise<string> {
  if (engine.kind === 'private') return engine.baseImage // its network reaches no registry
  if ((await engine.docker(['image', 'inspect', BASE_IMAGE])).code === 0) return BASE_IMAGE
  const pulled = await engine.docker(['pull', '-q', BASE_IMAGE], { timeoutMs: 90_000 }).catch(() => null)
  if (pulled?.code === 0) {
    undo.unshift(() => engine.ok(['image', 'rm', BASE_IMAGE])) // last, after the image that stands on it
    return BASE_IMAGE
  }
  const folder = await mkdtemp(join(tmpdir(), 'marina-base-'))
  try {
    await importBusybox(engine, folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return engine.baseImage
}

/** A volume with real files: folders, a link, a name with spaces, something big. */
async function fillVolume(engine: OwnedEngine, image: string): Promise<void> {
  const script = `
    cd /data
    mkdir -p letters photos/2026
    echo 'Dear reader, this letter lives in a Docker volume.' >letters/first.txt
    echo 'So does this one.' >'letters/a name with spaces.txt'
    head -c 2000000 /dev/urandom >photos/2026/harbour.raw
    ln -s photos/2026/harbour.raw latest`
  const volume = engine.name('data')
  await engine.ok(['volume', 'create', volume])
  const mount = `type=volume,src=${volume},dst=/data`
  await engine.ok(['run', '--rm', '--mount', mount, '--entrypoint', '/bin/sh', image, '-c', script])
}

function configuration(engine: OwnedEngine, image: string): string {
  const instance = (id: string, failPercent: number) => `
  - id: ${engine.name(id)}
    customImage: ${image}
    pull: never
    schedule: "0 4 * * *"
    env:
      WAIT_SECONDS: 2
      FAIL_PERCENT: ${failPercent}
      BACKUP_ENDPOINT: https://backup.example.com
      BACKUP_TOKEN: \${BACKUP_TOKEN}
    targets:
      - volume: ${engine.name('data')}
`
  return `instances:${instance('green', 0)}${instance('red', 100)}`
}

async function backUp(engine: OwnedEngine, image: string): Promise<number> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'marina-demo-')))
  const workspace = join(folder, 'repository')
  await mkdir(workspace)
  await writeFile(join(workspace, 'config.yml'), configuration(engine, image))
  console.log(
    `The demonstration repository is ${workspace}: two instances, one that works and one that fails on purpose.`,
  )
  const options: ActionOptions = {
    workspace,
    temp: join(folder, 'runner'),
    docker: engine,
    inputs: { variables: 'BACKUP_TOKEN=a-secret-of-the-demonstration', 'upload-logs': 'false' },
    env: { GITHUB_REPOSITORY: 'marina/demonstration', GITHUB_RUN_ID: String(Date.now()) },
  }
  console.log('\n──── main ────')
  const main = await runShown(options)
  console.log('\n──── post ────')
  await showWhile((shown) => main.post(shown))
  await writeFile(join(folder, 'summary.md'), main.summary)
  return verdict(engine, main, folder)
}

/** Runs the main phase, its output shown as it comes. */
async function runShown(options: ActionOptions): Promise<ActionResult> {
  return showWhile(async (shown) => {
    interrupted.running = await startAction({ ...options, ...shown })
    if (interrupted.by) interrupted.running.kill(interrupted.by)
    try {
      return await interrupted.running.done
    } finally {
      interrupted.running = null
    }
  })
}

async function showWhile(work: (shown: Partial<ActionOptions>) => Promise<ActionResult>): Promise<ActionResult> {
  const log = renderLog()
  const decoder = new TextDecoder()
  const result = await work({
    stdout: { onChunk: (chunk) => void process.stdout.write(log.write(decoder.decode(chunk, { stream: true }))) },
    onStderr: (chunk) => void process.stderr.write(chunk),
  })
  process.stdout.write(log.end())
  return result
}

/** Says how it ended and where to look; the exit code is 0 when both instances ended as planned. */
function verdict(engine: OwnedEngine, main: ActionResult, folder: string): number {
  const planned =
    main.code === 1 &&
    main.outputs.succeeded === JSON.stringify([engine.name('green')]) &&
    main.outputs.failed === JSON.stringify([engine.name('red')])
  console.log('\n──── result ────')
  console.log(`Summary, as GitHub would show it: ${join(folder, 'summary.md')}`)
  console.log(`Logs:                             ${main.outputs['log-directory'] ?? 'none'}`)
  console.log(`Report:                           ${main.outputs.report ?? 'none'}`)
  if (interrupted.by) {
    console.log(`Interrupted by ${interrupted.by}.`)
    return 130
  }
  console.log(
    planned
      ? `As planned: ${engine.name('green')} succeeded, ${engine.name('red')} failed, and the job is red.`
      : `Not as planned: exit code ${main.code}, succeeded ${main.outputs.succeeded}, failed ${main.outputs.failed}.`,
  )
  return planned ? 0 : 1
}
