/** Which container cannot do without which other, and the order that follows. Pure. */
import type { Container } from '../docker/parseContainer.ts'

/**
 * `hard`: it lives in a namespace of the other one, and has lost it once the other was stopped.
 * `healthy`: it is to be started only once the other is healthy.
 */
export interface Dependency {
  readonly id: string
  readonly hard: boolean
  readonly healthy: boolean
  /** In words: `shares the network of "db"`. */
  readonly why: string
}

/** For each container's id, which others it needs: shared namespaces, links, compose's `depends_on`. A need of one that is not there is left out. */
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

/** By full id, by name, else by the beginning of an id: the order in which docker itself looks. */
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

/** `db:service_healthy:false,cache:service_started`: service, condition, and since compose 2.17 whether to restart. Older ones write the service alone. */
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

/** What `docker compose run` started beside the service: nobody depends on it. */
function isOneOff(container: Container): boolean {
  return container.labels['com.docker.compose.oneoff'] === 'True'
}

export type Edges = ReadonlyMap<string, readonly { readonly id: string; readonly hard: boolean }[]>

export interface StartOrder {
  /** Ids; those of one wave stand side by side, and everything that they point at stands in an earlier one. */
  readonly waves: readonly (readonly string[])[]
  /** Where things point at each other in a circle. */
  readonly circles: readonly (readonly string[])[]
}

/**
 * Orders `ids` so that each comes after all that its edges point at, as early as that allows. In a circle
 * only the hard edges count, so that a container still comes after the one whose namespace it lives in; a circle of those,
 * which no engine would start, stands in one wave.
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

/** For each id, those that it reaches and that reach it; itself always. */
function circlesOf(ids: readonly string[], edges: Edges): ReadonlyMap<string, ReadonlySet<string>> {
  const reach = new Map(ids.map((id) => [id, reachable(id, edges)]))
  return new Map(
    ids.map((id) => [
      id,
      new Set(ids.filter((other) => other === id || (reach.get(id)?.has(other) && reach.get(other)?.has(id)))),
    ]),
  )
}

/** Everything that `from` leads to over one edge or more. */
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

/** The longest way down from each; edges within a circle count for nothing. */
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
