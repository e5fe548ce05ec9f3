/**
 * Plans which containers are stopped for `stopAttached`, and in which order they are stopped and started again. Pure.
 *
 * Stopped are the running containers that can write to the volume, in any way, and the running ones that need one of those.
 * A container that needs another one stops before it and starts after it. One that was not running is neither stopped nor started; one
 * that is paused stays so. Never stopped: our own containers, the runner's, and those that could not be started again as they were.
 */

import type { Container } from '../docker/parseContainer.ts'
import type { Volume } from '../docker/volumes.ts'
import { type Dependency, dependenciesOf, type Edges, startOrder } from './dependencies.ts'
import { howItWrites } from './writers.ts'

export interface StopPlanInput {
  /** Volumes for whose copy containers are stopped, in the order of the targets. */
  readonly volumes: readonly Volume[]
  /** Servers that go on, while the containers that need them are stopped; missing: none. */
  readonly servers?: readonly Container[]
  /** All volumes of the host, including those of the targets: two volumes can lie on the same device. */
  readonly hostVolumes: readonly Volume[]
  /** All containers of the host in any state. */
  readonly containers: readonly Container[]
  /** Ids of the containers that the runner lives in: `runnerContainers`. */
  readonly self: readonly string[]
}

/** A container that is to be started again, with what its start has to respect. */
export interface ToStart {
  readonly id: string
  readonly name: string
  /** True if a container of a later wave may be started only when this one is healthy. */
  readonly healthyFirst?: boolean
  /** The state that was wrong with the container before the stop. If it is so again afterwards, that is not a failure of this run. */
  readonly before?: 'unhealthy' | 'restarting'
}

/** A container that is to be stopped, with the reason in words: `has volume "data" mounted`. */
export interface ToStop {
  readonly container: Container
  readonly why: string
}

/** Targets for which the same container must be stopped. Their containers are stopped together, they are copied, and then all are started. */
export interface StopGroup {
  /** Names of the targets' volumes. */
  readonly targets: readonly string[]
  /** Ids of the servers that go on while the containers that need them are stopped. */
  readonly servers: readonly string[]
  /** Waves in the order of stopping. Containers of one wave are stopped in parallel. Empty: nothing has to be stopped. */
  readonly stop: readonly (readonly ToStop[])[]
  /** The containers of `stop`, in waves in the order of starting. */
  readonly start: readonly (readonly ToStart[])[]
  /** Paused containers that can write to a volume of the group. They must still be paused after the copy. */
  readonly paused: readonly Container[]
  /** Containers that could write to a volume of the group but do not run. They must not be started until the copy is done. */
  readonly idle: readonly Container[]
}

export interface StopPlan {
  readonly groups: readonly StopGroup[]
  /**
   * Targets (by volume name) whose containers cannot be stopped safely; nothing is stopped for them. `error` is one sentence: what, and what
   * to do.
   */
  readonly refused: readonly { readonly target: string; readonly error: string }[]
  readonly warnings: readonly { readonly target: string; readonly message: string }[]
}

/** All containers that must be stopped for one target (`stop`, by id), and those that can write to its volume and are not stopped. */
interface Closure {
  /** Name of the volume, or of the server's container. */
  readonly target: string
  /** Id of the server that goes on; `null` for a volume. */
  readonly server: string | null
  readonly stop: ReadonlyMap<string, ToStop>
  readonly paused: readonly Container[]
  readonly idle: readonly Container[]
  /** The runner's own containers that can write to the volume, in any state. */
  readonly own: readonly Container[]
}

/** Decides which containers are stopped for the volumes of `input`. Never throws, whatever the containers' labels say of each other. */
export function planStops(input: StopPlanInput): StopPlan {
  const containers = input.containers.filter((c) => !c.ours)
  const needs = dependenciesOf(containers)
  const self = new Set(input.self)
  const closures = [
    ...input.volumes.map((volume) => closureOf(volume, { ...input, containers }, needs, self)),
    ...(input.servers ?? []).map((server) => closureOfServer(server, { ...input, containers }, needs, self)),
  ]
  const refusals = closures.map((closure) => ({
    target: closure.target,
    error: refusal(closure, containers, needs, self),
  }))
  const accepted = closures.filter((_, index) => refusals[index]?.error === null)
  const groups = meeting(accepted).map((members) => groupOf(members, needs))
  return {
    groups: groups.map(({ group }) => group),
    refused: refusals.flatMap(({ target, error }) => (error === null ? [] : [{ target, error }])),
    warnings: [...accepted.flatMap(ownWarnings), ...groups.flatMap(({ warnings }) => warnings)],
  }
}

function isActive(container: Container): boolean {
  return container.state === 'running' || container.state === 'restarting'
}

function closureOf(
  volume: Volume,
  input: StopPlanInput,
  needs: ReadonlyMap<string, readonly Dependency[]>,
  self: ReadonlySet<string>,
): Closure {
  const writers = input.containers.flatMap((container) => {
    const why = howItWrites(container, volume, input.hostVolumes)
    return why === null ? [] : [{ container, why }]
  })
  const stop = withDependents(
    writers.filter(({ container }) => isActive(container) && !self.has(container.id)),
    input,
    needs,
    self,
  )
  const idle = writers.map(({ container }) => container).filter((c) => !stop.has(c.id))
  return {
    target: volume.name,
    server: null,
    stop,
    paused: idle.filter((c) => c.state === 'paused' && !self.has(c.id)),
    idle: idle.filter((c) => c.state === 'down'),
    own: idle.filter((c) => self.has(c.id)),
  }
}

/** Finds the containers that need a server, which itself goes on. */
function closureOfServer(
  server: Container,
  input: StopPlanInput,
  needs: ReadonlyMap<string, readonly Dependency[]>,
  self: ReadonlySet<string>,
): Closure {
  const direct = input.containers.flatMap((container) => {
    const need = needs.get(container.id)?.find(({ id }) => id === server.id)
    return need && isActive(container) && !self.has(container.id) ? [{ container, why: need.why }] : []
  })
  const stop = withDependents(direct, input, needs, self)
  stop.delete(server.id)
  return { target: server.name, server: server.id, stop, paused: [], idle: [], own: [] }
}

/** Returns these containers and all that need one of them, by id. */
function withDependents(
  first: readonly ToStop[],
  input: StopPlanInput,
  needs: ReadonlyMap<string, readonly Dependency[]>,
  self: ReadonlySet<string>,
): Map<string, ToStop> {
  const stop = new Map<string, ToStop>()
  const open = [...first]
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    if (stop.has(next.container.id)) continue
    stop.set(next.container.id, next)
    for (const container of input.containers) {
      const need = needs.get(container.id)?.find(({ id }) => id === next?.container.id)
      if (need && isActive(container) && !self.has(container.id)) open.push({ container, why: need.why })
    }
  }
  return stop
}

/** Says in one sentence why the containers of a target must not be stopped; `null` if they may. */
function refusal(
  closure: Closure,
  containers: readonly Container[],
  needs: ReadonlyMap<string, readonly Dependency[]>,
  self: ReadonlySet<string>,
): string | null {
  const volume = `${closure.server === null ? 'volume' : 'database container'} "${closure.target}"`
  for (const { container, why } of closure.stop.values()) {
    const who = `container "${container.name}" ${why}, so it would have to be stopped for ${volume}, but`
    if (container.autoRemove)
      return `${who} it was started with --rm and would be gone once stopped: start it without --rm, or leave out stopAttached`
    if (container.labels['com.docker.swarm.task.id'] !== undefined)
      return `${who} it is a task of a swarm service, which would at once start another in its place: leave out stopAttached`
  }
  for (const container of containers) {
    const need = needs.get(container.id)?.find(({ id, hard }) => hard && closure.stop.has(id))
    if (!need) continue
    const other = closure.stop.get(need.id)?.container.name
    const who = `container "${other}" would have to be stopped for ${volume}, but`
    if (self.has(container.id))
      return `${who} the runner's own container "${container.name}" ${need.why} and would not survive it: give the runner a network of its own, or leave out stopAttached`
    if (container.state === 'paused')
      return `${who} container "${container.name}", which is paused, ${need.why} and would not survive it: unpause or stop "${container.name}", or leave out stopAttached`
  }
  return null
}

function ownWarnings(closure: Closure) {
  return closure.own.filter(isActive).map((container) => ({
    target: closure.target,
    message: `the runner's own container "${container.name}" can write to volume "${closure.target}" and is not stopped: what it writes during the copy may arrive half`,
  }))
}

/**
 * Joins targets for which the same container is stopped into one group, because their volumes must be copied during the same stop. Groups
 * are in the order of their first target.
 */
function meeting(closures: readonly Closure[]): readonly (readonly Closure[])[] {
  let groups: Closure[][] = []
  for (const closure of closures) {
    const meets = (group: readonly Closure[]) =>
      group.some((member) => [...member.stop.keys()].some((id) => closure.stop.has(id)))
    const joined = groups.filter(meets)
    const first = joined[0]
    if (first === undefined) {
      groups = [...groups, [closure]]
    } else {
      const merged = [...joined.flat(), closure]
      groups = groups
        .filter((group) => group === first || !joined.includes(group))
        .map((group) => (group === first ? merged : group))
    }
  }
  return groups
}

function groupOf(members: readonly Closure[], needs: ReadonlyMap<string, readonly Dependency[]>) {
  const stop = new Map(members.flatMap((member) => [...member.stop]))
  const byName = [...stop.values()].sort((a, b) => (a.container.name < b.container.name ? -1 : 1))
  const ids = byName.map(({ container }) => container.id)
  const targets = members.flatMap(({ target, server }) => (server === null ? [target] : []))
  const servers = members.flatMap(({ server }) => server ?? [])
  const starting = startOrder(ids, needs)
  const stopping = startOrder(ids, turned(ids, needs))
  const awaited = new Set(
    ids.flatMap((id) => (needs.get(id) ?? []).filter((need) => need.healthy).map((need) => need.id)),
  )
  const group: StopGroup = {
    targets,
    servers,
    stop: stopping.waves.map((wave) => wave.flatMap((id) => stop.get(id) ?? [])),
    start: starting.waves.map((wave) => wave.flatMap((id) => toStart(stop.get(id)?.container, awaited))),
    paused: distinct(members.flatMap(({ paused }) => paused)),
    idle: distinct(members.flatMap(({ idle }) => idle)),
  }
  const warnings = starting.circles.map((circle) => ({
    target: targets[0] ?? '',
    message: `the containers ${named(circle, stop)} depend on each other in a circle: they are stopped and started without an order among them`,
  }))
  return { group, warnings }
}

function toStart(container: Container | undefined, awaited: ReadonlySet<string>): ToStart[] {
  if (container === undefined) return []
  const before =
    container.state === 'restarting' ? 'restarting' : container.health?.status === 'unhealthy' ? 'unhealthy' : undefined
  return [
    {
      id: container.id,
      name: container.name,
      ...(awaited.has(container.id) && container.healthCheck !== null ? { healthyFirst: true } : {}),
      ...(before === undefined ? {} : { before }),
    },
  ]
}

/** Inverts the dependencies among `ids`: maps each id to the ids that need it. */
function turned(ids: readonly string[], needs: ReadonlyMap<string, readonly Dependency[]>): Edges {
  return new Map(
    ids.map((id) => [
      id,
      ids.flatMap((other) =>
        (needs.get(other) ?? []).filter((need) => need.id === id).map(({ hard }) => ({ id: other, hard })),
      ),
    ]),
  )
}

function named(ids: readonly string[], stop: ReadonlyMap<string, ToStop>): string {
  return ids.map((id) => `"${stop.get(id)?.container.name}"`).join(', ')
}

function distinct(containers: readonly Container[]): readonly Container[] {
  return [...new Map(containers.map((c) => [c.id, c])).values()]
}
