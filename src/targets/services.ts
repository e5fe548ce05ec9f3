/**
 * Knows the names and labels that compose and swarm give to the containers of a service, and decides which of these containers stands for
 * the service. Pure.
 */
import type { Container } from '../docker/parseContainer.ts'

const SWARM_SERVICE = 'com.docker.swarm.service.name'
const SWARM_SERVICE_ID = 'com.docker.swarm.service.id'
const SWARM_TASK = 'com.docker.swarm.task.id'
const SWARM_TASK_NAME = 'com.docker.swarm.task.name'
const SWARM_NODE = 'com.docker.swarm.node.id'
const COMPOSE_PROJECT = 'com.docker.compose.project'
const COMPOSE_SERVICE = 'com.docker.compose.service'
const COMPOSE_NUMBER = 'com.docker.compose.container-number'
const COMPOSE_ONE_OFF = 'com.docker.compose.oneoff'

/** The facts about a container from which its service is told, and which of several containers stands for that service. */
export type ServiceMember = Pick<
  Container,
  'id' | 'name' | 'labels' | 'createdAt' | 'state' | 'status' | 'finishedAt' | 'exitCode' | 'oomKilled'
>

type Named = Pick<ServiceMember, 'name' | 'labels'>

/**
 * Returns the name under which a container's dump lies and by which a target can name it: its own, or for a task of swarm the service's.
 * Swarm names each task anew (`shop_db.1.<task id>`), and a tool that knows files by their path would take each dump for a new file. A
 * replica other than the first has its number behind the service's name (`shop_db.2`).
 */
export function lastingName({ name, labels }: Named): string {
  const service = labels[SWARM_SERVICE]
  const task = labels[SWARM_TASK]
  if (!service || !task || !name.startsWith(`${service}.`) || !name.endsWith(`.${task}`)) return name
  const slot = name.slice(service.length + 1, -task.length - 1) // a replica's number; of a global service the node's id
  return /^\d+$/.test(slot) && slot !== '1' ? `${service}.${slot}` : service
}

/** Returns the swarm services that a name may mean, for a filter by label: the name itself, and for `SERVICE.2` also the part before the number. */
export function swarmServicesOf(name: string): readonly string[] {
  const service = /^(.+)\.\d+$/.exec(name)?.[1]
  return [name, ...(service === undefined ? [] : [service])]
}

/**
 * Returns the task that a service's name stands for on this host: the newest of those that are not down, else the newest of all; `null` if
 * there is none.
 */
export function taskNamed<T extends ServiceMember>(name: string, containers: readonly T[]): T | null {
  const tasks = containers.filter((one) => one.labels[SWARM_TASK] !== undefined && lastingName(one) === name)
  return newest(tasks.filter((one) => one.state !== 'down')) ?? newest(tasks)
}

export const swarmServiceLabel = (service: string) => `${SWARM_SERVICE}=${service}`

export interface Standing<T> {
  /** The containers that stand for their service, and all that belong to no service. An ended task of swarm is never among them. */
  readonly standing: readonly T[]
  /**
   * For each replica of a swarm service that has only ended tasks on this host: its newest task. Swarm may start the next one here or
   * elsewhere, or the service is gone.
   */
  readonly idle: readonly T[]
}

/**
 * Chooses one container for each place in a service. Left out are ended tasks of swarm (it keeps up to five), containers of `docker compose
 * run`, and one of two containers while `docker compose up` replaces one by the other.
 */
export function standingFor<T extends ServiceMember>(containers: readonly T[]): Standing<T> {
  const groups = new Map<string, T[]>()
  for (const one of containers) {
    const key = placeOf(one)
    if (key !== null) groups.set(key, [...(groups.get(key) ?? []), one])
  }
  const chosen = new Set([...groups.values()].flatMap((members) => chooseFrom(members) ?? []))
  const isTask = (one: T) => one.labels[SWARM_TASK] !== undefined
  return {
    standing: containers.filter((one) => chosen.has(one)),
    idle: [...groups.values()].flatMap((members) =>
      members.some((one) => chosen.has(one)) ? [] : (newest(members.filter(isTask)) ?? []),
    ),
  }
}

/**
 * Identifies the place in a service that only one container can have at a time, or a container of no service. `null` for one of `docker
 * compose run`.
 */
function placeOf(one: ServiceMember): string | null {
  const { labels } = one
  if (labels[COMPOSE_ONE_OFF]?.toLowerCase() === 'true') return null
  if (labels[SWARM_TASK] !== undefined) return JSON.stringify(['swarm', lastingName(one)])
  if (labels[COMPOSE_PROJECT] === undefined || labels[COMPOSE_SERVICE] === undefined) return one.id
  return JSON.stringify(['compose', labels[COMPOSE_PROJECT], labels[COMPOSE_SERVICE], labels[COMPOSE_NUMBER] ?? '1'])
}

/**
 * Chooses the container that stands for a place: one that is not down; else one that is down, unless it is a task of swarm, because an
 * ended task never comes back. Of several it takes the one without an interim name, and of those the newest. `null` if only ended tasks are
 * there.
 */
function chooseFrom<T extends ServiceMember>(members: readonly T[]): T | null {
  const running = members.filter((one) => one.state !== 'down')
  const candidates = running.length > 0 ? running : members.filter((one) => one.labels[SWARM_TASK] === undefined)
  const named = candidates.filter((one) => !isInterim(one))
  return newest(named.length > 0 ? named : candidates)
}

/** Tells whether compose has given a container an interim name, such as `3f2a9c0d1e4b_shop-db-1`, while it replaces the container by another. */
function isInterim({ name }: Named): boolean {
  return /^[0-9a-f]{12}_/.test(name)
}

function newest<T extends ServiceMember>(containers: readonly T[]): T | null {
  return containers.toSorted((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt))[0] ?? null
}

/** Reads from a container's labels which task of which swarm service it is or was; `null` if it is none. */
export function taskOf({ labels }: Pick<ServiceMember, 'labels'>): SwarmTask | null {
  const serviceId = labels[SWARM_SERVICE_ID]
  const service = labels[SWARM_SERVICE]
  const task = labels[SWARM_TASK]
  if (!serviceId || !service || !task) return null
  const name = labels[SWARM_TASK_NAME] ?? ''
  const isUsual = name.startsWith(`${service}.`) && name.endsWith(`.${task}`)
  return {
    serviceId,
    node: labels[SWARM_NODE] ?? '',
    slot: isUsual ? name.slice(service.length + 1, -task.length - 1) : '',
  }
}

export interface SwarmTask {
  readonly serviceId: string
  /** Id of this host in the swarm; empty if it is not known. */
  readonly node: string
  /** The replica's number, or for a global service the node's id; empty if it is not known. */
  readonly slot: string
}
