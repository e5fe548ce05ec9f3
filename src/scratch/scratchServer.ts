/**
 * Starts database servers of ours that are thrown away, to prove a dump: the source's own image, no network, bounded and without
 * privileges, which is read back from the live container. If a server does not answer, the reason is returned and not thrown: it says
 * nothing of the backup.
 */
import { randomBytes } from 'node:crypto'
import { thisProcess } from '../claim/processIdentity.ts'
import { type DbKind, engineOf } from '../databases/engines.ts'
import type { LoadScript } from '../databases/loadContract.ts'
import type { ScratchPlan } from '../databases/scratchContract.ts'
import { mountSpec } from '../docker/args.ts'
import { commandError, succeeded } from '../docker/callResult.ts'
import { createContainer, inspectContainer, removeContainer } from '../docker/containers.ts'
import { execReason, execTruthfully } from '../docker/exec.ts'
import { longLookLabels, stagingLabels } from '../docker/labels.ts'
import type { Container } from '../docker/parseContainer.ts'
import { poll, tellWhile } from '../docker/poll.ts'
import { type Docker, query, run } from '../docker/process.ts'
import type { ContainerFacts } from '../dump/dump.ts'
import { CancelledError, CommandError, InstanceError } from '../errors.ts'
import { boundArgs, brokenBounds, type ScratchLimits } from './bounds.ts'

export interface ScratchRequest {
  /** Id of the source's image on this host. */
  readonly image: string
  /** The image's name, for messages. */
  readonly reference: string
  readonly kind: DbKind
  readonly instance: string
  /** The job's id, by which its `post` finds the container. */
  readonly job: string
  readonly settings: Readonly<Record<string, string>>
  readonly roles: readonly string[]
  readonly limits?: Partial<ScratchLimits>
  /** Time at which the drill ends by this process's clock, ms since 1970. `clockOffsetMs` is the engine's clock less ours. */
  readonly deadline: number
  readonly clockOffsetMs: number
  /** Masks the server's password in everything that is printed from then on. */
  readonly hide: (secrets: readonly string[]) => Promise<void>
  readonly onLine: (line: string) => Promise<void>
  readonly signal: AbortSignal
}

export interface ScratchServer {
  readonly container: ContainerFacts
  /** The login for a load, a count or a question. */
  readonly dumpArgs: readonly string[]
  /** Says why what failed on the server is not the backup's fault (it ran out of memory or disk, it stopped); `null` if nothing suggests that. */
  readonly trouble: () => Promise<string | null>
  /** Removes the server with its data. Throws `CommandError` if it stays; a later start removes it then. */
  readonly remove: () => Promise<void>
}

export type ScratchOutcome =
  | { readonly kind: 'ready'; readonly server: ScratchServer }
  /** It could not be started, or does not answer. */
  | { readonly kind: 'surroundings'; readonly why: string }

const LIMITS: ScratchLimits = { memory: 1 << 30, cpus: 1, pids: 512 }
/** Longest wait for a server to answer, ms. */
const READY_MS = 300_000
const READY_POLL_MS = 300
const QUESTION_MS = 30_000
const SET_UP_MS = 60_000
const LOG_LINES = '100'

/**
 * Starts a scratch server and waits until it answers. If it does not, it is removed. Throws `CancelledError`; `InstanceError` if the engine
 * gave it other bounds than it was asked for, or if somebody took its name or removed it.
 */
export async function startScratchServer(docker: Docker, request: ScratchRequest): Promise<ScratchOutcome> {
  const limits = { ...LIMITS, ...request.limits }
  const { kind, settings, roles } = request
  const password = randomBytes(16).toString('hex')
  await request.hide([password])
  const plan = engineOf(kind).planScratch({ kind, settings, roles, password })
  let id: string | null = null
  try {
    id = await create(docker, request, plan, limits)
    const started = await query(docker, ['start', id], { signal: request.signal })
    if (!succeeded(started))
      throw commandError(docker, `image ${request.reference} could not be started as a scratch server`, started)
    await checkBounds(docker, id, limits)
    const why = await untilReady(docker, request, id, plan)
    if (why === null) return { kind: 'ready', server: await describe(docker, id, plan) }
    await removeContainer(docker, id)
    return { kind: 'surroundings', why }
  } catch (error) {
    if (id !== null) await removeContainer(docker, id).catch(() => {}) // a later start sweeps it
    if (request.signal.aborted) throw new CancelledError()
    if (error instanceof CommandError) return { kind: 'surroundings', why: docker.redact(error.message) }
    throw error
  }
}

async function create(
  docker: Docker,
  { image, reference, instance, job, deadline, clockOffsetMs, signal }: ScratchRequest,
  plan: ScratchPlan,
  limits: ScratchLimits,
): Promise<string> {
  const declared = await run(
    docker,
    ['image', 'inspect', '--format', '{{json .Config.Volumes}}', image],
    `the image ${reference} of the source is not on this host`,
    { signal },
  )
  const volumes = Object.keys(JSON.parse(declared) ?? {})
  const labels = longLookLabels({ job, process: thisProcess(), deadline: deadline + clockOffsetMs })
  const name = `marina-look-${randomBytes(6).toString('hex')}`
  const mounts = (volumes.length === 0 ? [plan.data] : volumes).map((target) =>
    mountSpec({ type: 'anonymous', target, labels: stagingLabels(instance), isFilled: true }),
  )
  const argv = [
    ...['create', '--name', name, '--pull', 'never', '--no-healthcheck'],
    ...['--log-driver', 'local', '--log-opt', 'max-size=10m', '--log-opt', 'max-file=2'],
    ...Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
    ...mounts.flatMap((mount) => ['--mount', mount]),
    ...boundArgs(limits),
    ...Object.keys(plan.env).flatMap((key) => ['--env', key]),
    ...(plan.entrypoint === null ? [] : ['--entrypoint', plan.entrypoint]),
    image,
    ...plan.command,
  ]
  const what = `a scratch server of image ${reference} could not be created`
  const created = await createContainer(docker, { name, labels, argv, env: plan.env, input: undefined }, what, {
    signal,
  })
  if (created.kind === 'taken') throw new InstanceError(`${what}: its random name ${name} is taken`)
  return created.id
}

/** Reads the bounds back from the live container. Throws an `InstanceError` that names what differs. */
async function checkBounds(docker: Docker, id: string, limits: ScratchLimits): Promise<void> {
  const argv = ['container', 'inspect', '--format', '{"HostConfig":{{json .HostConfig}},"Mounts":{{json .Mounts}}}', id]
  const inspected = await run(docker, argv, 'the scratch server could not be inspected')
  const broken = brokenBounds(JSON.parse(inspected), limits)
  if (broken.length > 0)
    throw new InstanceError(
      `the engine gave the scratch server other bounds than it was asked for (${broken.join(', ')}): it is not used`,
    )
}

/** Waits until the server answers and sets it up. Returns why it does not; `null` if it does. */
async function untilReady(
  docker: Docker,
  request: ScratchRequest,
  id: string,
  plan: ScratchPlan,
): Promise<string | null> {
  const { signal, deadline, reference } = request
  const until = Math.min(deadline, Date.now() + READY_MS)
  const ask = (script: LoadScript, deadlineMs: number) =>
    execTruthfully(docker, { container: id, ...script, deadlineMs, signal })
  let last = ''
  const look = async () => {
    const stopped = await whyStopped(docker, id)
    if (stopped !== null) return stopped
    const answer = await ask(plan.ready, Math.max(1, Math.min(QUESTION_MS, until - Date.now())))
    last = execReason(answer)
    return answer.code === 0 ? '' : null
  }
  const telling = { what: () => `waiting for the scratch server of image ${reference} to answer`, say: request.onLine }
  const why = await tellWhile(telling, () => poll(look, { everyMs: READY_POLL_MS, until, signal }))
  if (signal.aborted) throw new CancelledError()
  if (why === null) return `the scratch server of image ${reference} did not answer in time (${docker.redact(last)})`
  if (why !== '') return `the scratch server of image ${reference} would not start: ${why}`
  if (plan.setUp === null) return null
  const setUp = await ask(plan.setUp, SET_UP_MS)
  if (signal.aborted) throw new CancelledError()
  return setUp.code === 0
    ? null
    : `the scratch server of image ${reference} could not be set up: ${docker.redact(execReason(setUp))}`
}

/** Says why the server does not run, with its last words; `null` if it runs. */
async function whyStopped(docker: Docker, id: string): Promise<string | null> {
  const container = await inspectContainer(docker, id)
  if (container === null) return 'somebody removed it'
  if (container.state === 'running') return null
  const words = await lastWords(docker, id)
  if (container.oomKilled) return `it ran out of memory (${words})`
  if (/No space left on device|disk full/i.test(words)) return `its disk is full (${words})`
  return `it ended with exit code ${container.exitCode} (${words})`
}

/** Returns the last lines that the server wrote: those of stdout, then those of stderr. */
async function lastLines(docker: Docker, id: string): Promise<readonly string[]> {
  const { stdout, stderr } = await query(docker, ['logs', '--tail', LOG_LINES, id], { deadlineMs: QUESTION_MS })
  return `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '')
}

async function lastWords(docker: Docker, id: string): Promise<string> {
  const lines = await lastLines(docker, id)
  const telling = lines.filter((line) => /error|fatal|panic|no space|cannot|denied/i.test(line))
  return wordsOf(docker, telling.length === 0 ? lines : telling)
}

function wordsOf(docker: Docker, lines: readonly string[]): string {
  const words = lines.slice(-3).join(' ').trim()
  if (words === '') return 'it said nothing'
  const said = docker.redact(words)
  docker.quotes?.(said, 'its words are in the log')
  return said
}

async function describe(docker: Docker, id: string, plan: ScratchPlan): Promise<ScratchServer> {
  const container = await inspectContainer(docker, id)
  if (container === null) throw new InstanceError('somebody removed the scratch server')
  return {
    container: factsOf(container),
    dumpArgs: plan.dumpArgs,
    trouble: () => troubleOf(docker, id),
    remove: () => removeContainer(docker, id),
  }
}

function factsOf({ id, name, image, environment, command }: Container): ContainerFacts {
  return { id, name, image, env: environment, cmd: command }
}

async function troubleOf(docker: Docker, id: string): Promise<string | null> {
  const stopped = await whyStopped(docker, id)
  if (stopped !== null) return `the scratch server stopped: ${stopped}`
  const lines = await lastLines(docker, id)
  const full = lines.filter((line) => /No space left on device|disk full/i.test(line))
  if (full.length > 0) return `the scratch server's disk is full (${wordsOf(docker, full)})`
  // the kernel may end one process of the server while the container lives
  const killed = lines.filter((line) => /terminated by signal 9\b|out of memory/i.test(line))
  return killed.length > 0 ? `the scratch server ran out of memory (${wordsOf(docker, killed)})` : null
}
