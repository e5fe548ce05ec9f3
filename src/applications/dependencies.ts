/** Computes which containers depend on which others, and the order of stopping and starting. Pure. */
import type { Container } from '../docker/parseContainer.ts'

/**
 * A dependency of a container on another one, whose id is `id`. `hard`: it uses a namespace of the other one and loses it when that stops.
 * `healthy`: it may be started only when the other one is healthy.
 */
export interface Dependency {
  readonly id: string
  readonly hard: boolean
  readonly healthy: boolean
  /** The reason, in words whose subject is the dependent container: `shares the network of "db"`. */
  readonly why: string
}

/**
 * Maps each container's id to its dependencies, by shared namespaces, links and compose's `depends_on`. A dependency on a container that is
 * not among `containers` is left out.
 */
export function dependenciesOf(containers: readonly Container[]): ReadonlyMap<string, readonly Dependency[]> {
  const find = finder(containers)
  return new Map(
    containers.map((container) => {
      const needs = [
        ...namespaceNeeds(container, find),
        ...linkNeeds(container, find),
        ...composeNeeds(container, containers),
      ]
      return [container.id, needs]
    }),
  )
}

/** Makes the function that finds a container by its full id, else by its name, else by the beginning of its id: docker's own order. */
function finder(containers: readonly Container[]) {
  return (reference: string): Container | undefined =>
    containers.find((c) => c.id === reference) ??
    containers.find((c) => c.name === reference) ??
    (/^[0-9a-f]{12,}$/.test(reference) ? containers.find((c) => c.id.startsWith(reference)) : undefined)
}

function namespaceNeeds(container: Container, find: (reference: string) => Container | undefined): Dependency[] {
  const modes = [
    ['network', container.networkMode],
    ['process namespace', container.pidMode],
    ['IPC namespace', container.ipcMode],
  ] as const
  return modes.flatMap(([what, mode]) => {
    const other = mode.startsWith('container:') ? find(mode.slice('container:'.length)) : undefined
    return other ? [{ id: other.id, hard: true, healthy: false, why: `shares the ${what} of "${other.name}"` }] : []
  })
}

function linkNeeds(container: Container, find: (reference: string) => Container | undefined): Dependency[] {
  return container.links.flatMap((name) => {
    const other = find(name)
    return other ? [{ id: other.id, hard: false, healthy: false, why: `is linked to "${other.name}"` }] : []
  })
}

/**
 * Finds the dependencies that compose's label tells: `db:service_healthy:false,cache:service_started`, with service, condition and, since
 * compose 2.17, whether to restart. Older versions write only the service. A service stands for all its containers in the same project.
 */
function composeNeeds(container: Container, containers: readonly Container[]): Dependency[] {
  const project = container.labels['com.docker.compose.project']
  const dependsOn = container.labels['com.docker.compose.depends_on'] ?? ''
  if (project === undefined) return []
  return dependsOn.split(',').flatMap((entry) => {
    const [service, condition] = entry.trim().split(':')
    return containers
      .filter((c) => service && c.labels['com.docker.compose.project'] === project)
      .filter((c) => c.labels['com.docker.compose.service'] === service && !isOneOff(c))
      .map((other) => ({
        id: other.id,
        hard: false,
        healthy: condition === 'service_healthy',
        why: `depends on "${other.name}" (compose)`,
      }))
  })
}

/** Tells whether a container was started by `docker compose run`. It has its service's label, but no other service depends on it. */
function isOneOff(container: Container): boolean {
  return container.labels['com.docker.compose.oneoff'] === 'True'
}

export type Edges = ReadonlyMap<string, readonly { readonly id: string; readonly hard: boolean }[]>

export interface StartOrder {
  /** Ids in waves: what an id depends on is in an earlier wave, except inside a circle. Ids of one wave can be handled in parallel. */
  readonly waves: readonly (readonly string[])[]
  /** Groups of ids that depend on each other in a circle. */
  readonly circles: readonly (readonly string[])[]
}

/**
 * Puts each of `ids` into the earliest wave that comes after those of all ids that its edges point at. Inside a circle only hard edges
 * count, so a container still comes after the one whose namespace it uses. A circle of hard edges, which no engine could start, is put into
 * one wave. Edges to other ids are ignored.
 */
export function startOrder(ids: readonly string[], edges: Edges): StartOrder {
  const inside = new Set(ids)
  const kept = new Map(ids.map((id) => [id, (edges.get(id) ?? []).filter((edge) => inside.has(edge.id))]))
  const circle = circlesOf(ids, kept)
  const cut = new Map(
    [...kept].map(([id, targets]) => [id, targets.filter((edge) => edge.hard || !circle.get(id)?.has(edge.id))]),
  )
  const depths = depthsOf(ids, cut)
  const deepest = Math.max(-1, ...depths.values())
  return {
    waves: Array.from({ length: deepest + 1 }, (_, depth) => ids.filter((id) => depths.get(id) === depth)),
    circles: [
      ...new Map(
        [...circle.values()].filter((set) => set.size > 1).map((set) => [[...set].sort().join(), [...set]]),
      ).values(),
    ],
  }
}

/** Maps each id to all ids that it can reach and that can reach it, itself included. */
function circlesOf(ids: readonly string[], edges: Edges): ReadonlyMap<string, ReadonlySet<string>> {
  const reach = new Map(ids.map((id) => [id, reachable(id, edges)]))
  return new Map(
    ids.map((id) => [
      id,
      new Set(ids.filter((other) => other === id || (reach.get(id)?.has(other) && reach.get(other)?.has(id)))),
    ]),
  )
}

/** Returns everything that can be reached from `from` over at least one edge. */
function reachable(from: string, edges: Edges): ReadonlySet<string> {
  const seen = new Set<string>()
  const open = [from]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const edge of edges.get(id) ?? []) {
      if (seen.has(edge.id)) continue
      seen.add(edge.id)
      open.push(edge.id)
    }
  }
  return seen
}

/** Maps each id to the number of edges on the longest path that begins at it. Edges inside a circle are not counted. */
function depthsOf(ids: readonly string[], edges: Edges): ReadonlyMap<string, number> {
  const circle = circlesOf(ids, edges)
  const depths = new Map<string, number>()
  const depthOf = (id: string): number => {
    const known = depths.get(id)
    if (known !== undefined) return known
    const members = [...(circle.get(id) ?? [id])]
    const below = members.flatMap((member) => (edges.get(member) ?? []).filter((edge) => !members.includes(edge.id)))
    const depth = Math.max(-1, ...below.map((edge) => depthOf(edge.id))) + 1
    for (const member of members) depths.set(member, depth)
    return depth
  }
  for (const id of ids) depthOf(id)
  return depths
}
