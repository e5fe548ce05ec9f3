/**
 * Finds on the host what an instance's targets name, and decides how each volume's data will appear below `/backup`. Nothing is created or
 * changed.
 */
import { readRunnerTraces } from '../applications/hostState.ts'
import type { DbTarget, Target, VolumeTarget } from '../config/model.ts'
import { kindOfImage } from '../databases/detect.ts'
import { isRefused } from '../docker/callResult.ts'
import { inspectContainer, inspectContainers, listContainers } from '../docker/containers.ts'
import { imageDigests } from '../docker/images.ts'
import { isOurs } from '../docker/labels.ts'
import { inspectListed } from '../docker/listed.ts'
import { diskOf, type MountPoint, mountPoints } from '../docker/mountInfo.ts'
import type { Container } from '../docker/parseContainer.ts'
import type { Docker, QueryOptions } from '../docker/process.ts'
import { inspectVolumes, listVolumes, type Volume } from '../docker/volumes.ts'
import type { ContainerFacts } from '../dump/dump.ts'
import { CommandError, InstanceError } from '../errors.ts'
import type { EngineTraits } from '../staging/stagingContract.ts'
import { type ChosenStaging, decideStaging } from './chooseStaging.ts'
import { databaseOn, type LiveDatabase } from './liveDatabase.ts'
import { type HostObject, nearestName } from './nearestName.ts'
import { lastingName, swarmServiceLabel, swarmServicesOf, taskNamed, taskOf } from './services.ts'

/** A container whose data a target backs up, as written to the manifest: a restore needs its image. */
export interface SourceContainer {
  readonly name: string
  /** The image reference that the container was created with. */
  readonly image: string
  readonly imageId: string
  /** Digest in a registry, `sha256:…`; `null` if the image was never in one, or is gone. */
  readonly digest: string | null
}

export interface VolumeSource {
  readonly kind: 'volume'
  readonly target: VolumeTarget
  readonly volume: Volume
  readonly staging: ChosenStaging
  /** A running database that writes to the volume while it is read; `null` if none is known, or if it is stopped for the backup. */
  readonly liveDatabase: LiveDatabase | null
  /** Containers that mount the volume, running or not, without our own. */
  readonly containers: readonly SourceContainer[]
}

/** A running database container. */
export interface DbSource {
  readonly kind: 'db'
  readonly target: DbTarget
  readonly container: Container
  /** Name of its folder below `db/`: the container's name, or for a task of swarm the service's (see `lastingName`). */
  readonly name: string
  readonly facts: ContainerFacts
  readonly containers: readonly SourceContainer[]
}

export interface Unresolved {
  readonly kind: 'unresolved'
  readonly target: Target
  /** One sentence that says why the target cannot be backed up. */
  readonly error: string
  /**
   * Id of a database container that exists and does not run (the caller looks whether another instance has stopped it); `null` for any
   * other reason.
   */
  readonly downId: string | null
}

export type Resolved = VolumeSource | DbSource | Unresolved

/** The host on which targets are looked for, with its engine. */
export interface TargetHost {
  readonly docker: Docker
  readonly engine: EngineTraits
  /** Name of the host in messages. */
  readonly hostName: string
  /** Called for a container that the engine describes oddly, and that the manifest therefore does not name. */
  readonly onOdd: (message: string) => Promise<void>
}

/** Holds what the searches for one instance's targets share. */
interface Search extends TargetHost {
  readonly options: QueryOptions
  /** Mount points of the machine on which the runner runs, which is often the engine's own host. Empty if it has no `/proc`. */
  readonly mounts: readonly MountPoint[]
  /** Lists everything on the host that can be a target, to suggest a name for one that does not exist. Asks the engine at the first call only. */
  readonly nearby: () => Promise<readonly HostObject[]>
}

/**
 * Looks up each target, and returns the outcomes in the same order. A target that is missing, does not run, or cannot be staged becomes an
 * `Unresolved`. Throws a `CommandError` if the engine does not answer.
 */
export async function resolveTargets(
  host: TargetHost,
  targets: readonly Target[],
  options: QueryOptions,
): Promise<readonly Resolved[]> {
  let objects: Promise<readonly HostObject[]> | null = null
  const nearby = () => {
    objects ??= hostObjects(host.docker, options)
    return objects
  }
  const mounts = mountPoints((await readRunnerTraces()).mountinfo)
  const search: Search = { ...host, options, mounts, nearby }
  const names = targets.flatMap((target) => (target.kind === 'volume' ? [target.name] : []))
  const volumes = await findVolumes(search, names)
  const found = await Promise.all(
    targets.map((target) =>
      target.kind === 'db'
        ? resolveDatabase(search, target).catch(oddDatabase(target))
        : resolveVolume(search, target, volumes.get(target.name)),
    ),
  )
  return found.map((one, index) => refuseTwice(one, found.slice(0, index)))
}

/** Refuses a database whose folder would have the same name as that of one in `before` (the targets above it): two dumps would meet there. */
function refuseTwice(one: Resolved, before: readonly Resolved[]): Resolved {
  if (one.kind !== 'db') return one
  const same = before.find((other) => other.kind === 'db' && other.name === one.name)
  if (same?.kind !== 'db') return one
  const error = `database container "${one.target.container}" is the same as "${same.target.container}", or has its name: name it once`
  return unresolved(one.target, error)
}

function unresolved(target: Target, error: string, downId: string | null = null): Unresolved {
  return { kind: 'unresolved', target, error, downId }
}

/**
 * Inspects the volumes of these names. Returns for each that exists the volume, or why it cannot be inspected: a driver that does not
 * answer concerns its own volumes only. A volume that does not exist has no entry.
 */
async function findVolumes(
  { docker, options }: Search,
  names: readonly string[],
): Promise<ReadonlyMap<string, Volume | CommandError>> {
  try {
    return new Map((await inspectVolumes(docker, names, options)).map((volume) => [volume.name, volume]))
  } catch (error) {
    if (!isAboutVolumes(error)) throw error
    const asked = names.map(async (name): Promise<readonly [string, Volume | CommandError | undefined]> => {
      try {
        return [name, (await inspectVolumes(docker, [name], { ...options, deadlineMs: ASK_ONE_MS }))[0]]
      } catch (reason) {
        if (!isAboutVolumes(reason)) throw reason
        return [name, reason]
      }
    })
    const answers = await Promise.all(asked)
    return new Map(answers.flatMap(([name, answer]) => (answer === undefined ? [] : [[name, answer] as const])))
  }
}

/** Deadline for inspecting one volume, ms. It applies where inspecting all of them at once has failed. */
const ASK_ONE_MS = 30_000

/** Tells whether the engine refused or let the deadline pass, as it does while a volume's driver keeps it waiting. False if the engine is away. */
function isAboutVolumes(error: unknown): error is CommandError {
  return error instanceof CommandError && (isRefused(error) || error.ended.kind === 'timeout')
}

async function resolveVolume(
  search: Search,
  target: VolumeTarget,
  volume: Volume | CommandError | undefined,
): Promise<VolumeSource | Unresolved> {
  const { docker, engine, options, onOdd } = search
  if (volume === undefined) return unresolved(target, await missing(search, target, `volume "${target.name}"`))
  if (volume instanceof CommandError) return unresolved(target, `volume "${target.name}": ${volume.message}`)
  const staging = decideStaging(target, volume, engine, diskOf(search.mounts, volume.mountpoint))
  if (staging.kind === 'refused') return unresolved(target, staging.why)
  const ids = await listContainers(docker, [`volume=${volume.name}`], options)
  const { containers, odd } = await inspectListed(docker, ids, options)
  for (const { name, why } of odd)
    await onOdd(`the manifest does not name container ${name}, which has volume "${volume.name}": ${why}`)
  // the filter also finds those that have anything mounted at a folder of that name
  const users = containers.filter(
    (one) => !isOurs(one.labels) && one.mounts.some((mount) => mount.name === volume.name),
  )
  const liveDatabase = target.stopAttached ? null : databaseOn(volume.name, users)
  return { kind: 'volume', target, volume, staging, liveDatabase, containers: await describe(docker, users, options) }
}

async function resolveDatabase(search: Search, target: DbTarget): Promise<DbSource | Unresolved> {
  const { docker, options } = search
  const container = await findDatabase(search, target.container)
  const what = `database container "${target.container}"`
  if (container === null) return unresolved(target, await missing(search, target, what))
  const down = whyNotRunning(container)
  if (down !== null) return unresolved(target, `${what} ${down}`, container.id)
  const containers = await describe(docker, [container], options)
  return { kind: 'db', target, container, name: lastingName(container), facts: factsOf(container), containers }
}

/** Makes the handler for a database whose container the engine describes oddly: that fails its own target only. */
function oddDatabase(target: DbTarget) {
  return (error: unknown): Unresolved => {
    if (!(error instanceof InstanceError)) throw error
    return unresolved(target, `database container "${target.container}" cannot be backed up: ${error.message}`)
  }
}

/**
 * Finds the container of that name or full id; else the task of the swarm service of that name, preferably one that runs. `null`: none is
 * there.
 */
async function findDatabase({ docker, options }: Search, name: string): Promise<Container | null> {
  const container = await inspectContainer(docker, name, options)
  if (container !== null) return container
  const ids = new Set<string>()
  for (const service of swarmServicesOf(name))
    for (const id of await listContainers(docker, [`label=${swarmServiceLabel(service)}`], options)) ids.add(id)
  return taskNamed(name, await inspectContainers(docker, [...ids], options))
}

/** Says why a database container cannot be dumped, and what to do, in words that follow its name; `null` if it runs. */
function whyNotRunning(container: Container): string | null {
  const { name, state, status } = container
  if (state === 'running') return null
  if (state === 'paused') return `is paused: unpause it (docker unpause ${name}), or take it out of the targets`
  if (state === 'restarting')
    return `starts over and over, last with exit code ${container.exitCode}: docker logs ${name} may say why`
  if (taskOf(container) !== null) return whyNoTask(container)
  const end = status === 'created' ? 'was never started' : `ended with exit code ${container.exitCode}`
  return `is not running, it ${end}: start it (docker start ${name}), or take it out of the targets`
}

/**
 * Says why a task of swarm does not run, and what to do, in words that follow its name. Only swarm starts its tasks, so nobody is told to
 * do that by hand.
 */
function whyNoTask(task: Container): string {
  const { name, status, exitCode, startError } = task
  const last =
    status === 'created'
      ? `swarm has created its next task (${name}) and not started it yet${startError === '' ? '' : `: ${startError.trim()}`}`
      : `its newest task on this host (${name}) ended with exit code ${exitCode}, and no other one runs`
  return `runs nowhere on this host: ${last}. Wait until it is up (docker service ps ${lastingName(task)}, on a manager), then run this again; if the service has moved to another host for good, remove what it left here (docker rm ${name})`
}

/** Makes the sentence that a target does not exist, with the name that was probably meant, or with what to do. `what` names the target in it. */
async function missing({ hostName, nearby }: Search, target: Target, what: string): Promise<string> {
  const [kind, wanted, list] =
    target.kind === 'volume'
      ? (['volume', target.name, 'docker volume ls'] as const)
      : (['container', target.container, 'docker ps --all'] as const)
  const near = nearestName(kind, wanted, await nearby())
  const sentence = `${what} does not exist on host ${hostName}`
  if (near !== null) return `${sentence}. ${near}`
  const orRemove = target.line === null ? '' : `, or take it out of line ${target.line} of the configuration`
  return `${sentence}: look its name up (${list})${orRemove}`
}

/**
 * Lists everything on the host that can be named as a target: not our own containers, nor volumes without a name. Empty if the engine fails
 * to answer, or describes something oddly, because then only a suggestion is lost.
 */
async function hostObjects(docker: Docker, options: QueryOptions): Promise<readonly HostObject[]> {
  try {
    const { containers } = await inspectListed(docker, await listContainers(docker, [], options), options)
    const volumes = await inspectVolumes(docker, await listVolumes(docker, [], options), options)
    return [
      ...containers.map(({ id, name, labels, image }) => ({
        ...{ kind: 'container' as const, id, name, labels },
        isDatabase: kindOfImage(image) !== null,
      })),
      ...volumes.map(({ name, labels }) => ({ kind: 'volume' as const, id: null, name, labels })),
    ].filter(({ name, labels }) => !isOurs(labels) && !/^[0-9a-f]{64}$/.test(name))
  } catch (error) {
    if (error instanceof CommandError || error instanceof InstanceError) return []
    throw error
  }
}

/** Describes containers for the manifest, with the digests of their images. */
async function describe(
  docker: Docker,
  containers: readonly Container[],
  options: QueryOptions,
): Promise<readonly SourceContainer[]> {
  const digests = await imageDigests(docker, [...new Set(containers.map((container) => container.imageId))], options)
  return containers.map(({ name, image, imageId }) => ({ name, image, imageId, digest: digests.get(imageId) ?? null }))
}

/** Returns the facts about a container that a dump, or a load, needs. */
export function factsOf({ id, name, image, environment, command }: Container): ContainerFacts {
  return { id, name, image, env: environment, cmd: command }
}
