/**
 * Runs a script of the repository on restored data, in a container that is thrown away: no network, bounded and without privileges, which is
 * read back from the live container. The data is mounted read-only.
 */
import { randomBytes } from 'node:crypto'
import { thisProcess } from '../claim/processIdentity.ts'
import { mountSpec } from '../docker/args.ts'
import { commandError, succeeded } from '../docker/callResult.ts'
import { createContainer, inspectContainer, removeContainer } from '../docker/containers.ts'
import { copyIn } from '../docker/copyFiles.ts'
import { longLookLabels } from '../docker/labels.ts'
import { poll } from '../docker/poll.ts'
import { type Docker, query, run } from '../docker/process.ts'
import { CancelledError, InstanceError } from '../errors.ts'
import { boundArgs, brokenBounds, type ScratchLimits } from './bounds.ts'

export interface ScriptRequest {
  /** Id of the image on this host, and its name, for messages. */
  readonly image: string
  readonly reference: string
  readonly script: Buffer
  /** Name of the volume that has the restored tree. */
  readonly volume: string
  readonly env: Readonly<Record<string, string>>
  /** The job's id, by which its `post` finds the container. */
  readonly job: string
  /** Time at which the drill ends, ms since 1970, and the engine's clock less ours, ms. */
  readonly deadline: number
  readonly clockOffsetMs: number
  readonly signal: AbortSignal
}

/** The end of the script. */
export interface ScriptEnd {
  readonly exitCode: number
  readonly oomKilled: boolean
  /** The last lines that it printed: those of stdout, then those of stderr. */
  readonly lines: readonly string[]
}

/** Folder of the restored tree in the container. */
export const SCRIPT_DATA = '/restore'

const SCRIPT = 'marina-check'
const LIMITS: ScratchLimits = { memory: 1 << 30, cpus: 1, pids: 512 }
const POLL_MS = 300
const LOG_LINES = '50'
const LOG_MS = 30_000

/**
 * Runs the script to its end. Throws an `InstanceError` or a `CommandError` if it could not be run or did not end in time, which says nothing
 * of the data, and `CancelledError`.
 */
export async function runScratchScript(docker: Docker, request: ScriptRequest): Promise<ScriptEnd> {
  const { reference, signal, deadline, script } = request
  const id = await create(docker, request)
  try {
    const file = { path: SCRIPT, mode: 0o755, uid: 0, gid: 0, content: script }
    await copyIn(docker, id, [file], { signal })
    const started = await query(docker, ['start', id], { signal })
    if (!succeeded(started))
      throw commandError(docker, `the script could not be started in the image ${reference}`, started)
    await checkBounds(docker, id)
    const look = async () => {
      const container = await inspectContainer(docker, id)
      if (container === null) throw new InstanceError('somebody removed the container of the script')
      return container.state === 'down' ? container : null
    }
    const ended = await poll(look, { everyMs: POLL_MS, until: deadline, signal })
    if (signal.aborted) throw new CancelledError()
    if (ended === null) throw new InstanceError('the script did not end in time')
    return { exitCode: ended.exitCode ?? -1, oomKilled: ended.oomKilled, lines: await lastLines(docker, id) }
  } catch (error) {
    throw signal.aborted ? new CancelledError() : error
  } finally {
    await removeContainer(docker, id).catch(() => {}) // a later start sweeps it
  }
}

async function create(docker: Docker, request: ScriptRequest): Promise<string> {
  const { image, reference, volume, env, job, deadline, clockOffsetMs, signal } = request
  const labels = longLookLabels({ job, process: thisProcess(), deadline: deadline + clockOffsetMs })
  const name = `marina-look-${randomBytes(6).toString('hex')}`
  const argv = [
    ...['create', '--name', name, '--pull', 'never', '--no-healthcheck'],
    ...['--log-driver', 'local', '--log-opt', 'max-size=10m', '--log-opt', 'max-file=2'],
    ...Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
    ...['--mount', mountSpec({ type: 'volume', source: volume, target: SCRIPT_DATA, readonly: true })],
    ...boundArgs(LIMITS),
    ...Object.keys(env).flatMap((key) => ['--env', key]),
    ...['--entrypoint', `/${SCRIPT}`, image],
  ]
  const what = `a container of image ${reference} for the script could not be created`
  const call = { name, labels, argv, env, input: undefined }
  const created = await createContainer(docker, call, what, { signal })
  if (created.kind === 'taken') throw new InstanceError(`${what}: its random name ${name} is taken`)
  return created.id
}

/** Reads the bounds back from the live container. Throws an `InstanceError` that names what differs. */
async function checkBounds(docker: Docker, id: string): Promise<void> {
  const argv = ['container', 'inspect', '--format', '{"HostConfig":{{json .HostConfig}},"Mounts":{{json .Mounts}}}', id]
  const broken = brokenBounds(JSON.parse(await run(docker, argv, 'the container could not be inspected')), LIMITS)
  if (broken.length > 0)
    throw new InstanceError(`the engine gave the container other bounds than it was asked for (${broken.join(', ')})`)
}

async function lastLines(docker: Docker, id: string): Promise<readonly string[]> {
  const { stdout, stderr } = await query(docker, ['logs', '--tail', LOG_LINES, id], { deadlineMs: LOG_MS })
  return `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '')
}
