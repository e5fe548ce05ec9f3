/**
 * Finds what changed on the host between the plan, the stop and the end of the copy. Pure: it compares what was known with what `inspect`
 * says now.
 */

import type { Container } from '../docker/parseContainer.ts'
import type { Volume } from '../docker/volumes.ts'
import { planStops, type StopGroup, type StopPlanInput, type ToStart, type ToStop } from './stopPlan.ts'
import { howItWrites } from './writers.ts'

/**
 * Returns the group without containers that have ended since the plan, so that they are neither stopped nor started; `now` is the host's
 * present state. Returns an error sentence instead if the group must not be stopped any more, or if a container would have to be stopped
 * that the journal does not list: after a crash nobody would start that one again.
 */
export function asOfNow(group: StopGroup, now: Omit<StopPlanInput, 'volumes'>): StopGroup | string {
  const volumes = now.hostVolumes.filter(({ name }) => group.targets.includes(name))
  const gone = group.targets.find((target) => !volumes.some(({ name }) => name === target))
  if (gone !== undefined) return `volume "${gone}" was removed meanwhile`
  const servers = now.containers.filter(({ id }) => group.servers.includes(id))
  const plan = planStops({ ...now, volumes, servers })
  const refused = plan.refused[0]
  if (refused !== undefined) return refused.error
  const planned = new Set(group.start.flat().map(({ id }) => id))
  const current = new Map(plan.groups.flatMap(({ stop }) => stop.flat()).map((one) => [one.container.id, one]))
  for (const { container, why } of current.values())
    if (!planned.has(container.id))
      return `container "${container.name}" ${why} and was started after this run had begun: run it again`
  const stillThere = <T>(waves: readonly (readonly T[])[], idOf: (one: T) => string) =>
    waves.map((wave) => wave.filter((one) => current.has(idOf(one)))).filter((wave) => wave.length > 0)
  return {
    targets: group.targets,
    servers: group.servers,
    stop: stillThere(group.stop, ({ container }) => container.id),
    start: stillThere(group.start, ({ id }) => id).map((wave) =>
      wave.map((one) => ({ ...one, ...unwell(one, group, current.get(one.id)) })),
    ),
    paused: plan.groups.flatMap(({ paused }) => paused),
    idle: plan.groups.flatMap(({ idle }) => idle),
  }
}

/**
 * Returns `before` with what is wrong with a container just before the stop (unhealthy or restarting); `{}` if nothing is. A container in a
 * crash loop looks running between two starts, but its restart count has grown since the plan.
 */
function unwell(one: ToStart, group: StopGroup, now: ToStop | undefined): Pick<ToStart, 'before'> {
  const planned = group.stop.flat().find(({ container }) => container.id === one.id)
  const restarted = (now?.container.restartCount ?? 0) > (planned?.container.restartCount ?? 0)
  if (restarted || now?.container.state === 'restarting') return { before: 'restarting' }
  return now?.container.health?.status === 'unhealthy' ? { before: 'unhealthy' } : {}
}

/** A container that was stopped. `startedAt` is the engine's time of its last start before the stop. */
export interface StoppedContainer {
  readonly id: string
  readonly name: string
  readonly startedAt: string
}

export interface StoppedContainers {
  readonly down: readonly StoppedContainer[]
  readonly paused: readonly Container[]
  readonly idle: readonly Container[]
}

/**
 * Returns one sentence for each of the containers in `quiet` that may have written during the copy; none if those that were down stayed
 * down (not started in between) and paused ones stayed paused. `now` is their state after the copy, before they are started again.
 */
export function interferenceWith(quiet: StoppedContainers, now: readonly Container[]): readonly string[] {
  const found = (id: string) => now.find((c) => c.id === id)
  return [
    ...quiet.down.flatMap(({ id, name, startedAt }) => {
      const c = found(id)
      if (c === undefined) return [`container "${name}" was removed while it had to stay stopped`]
      return c.state === 'down' && c.startedAt === startedAt
        ? []
        : [
            `container "${name}" was started by somebody else at ${c.startedAt}, while it had to stay stopped (a timer, a watchdog, another tool?)`,
          ]
    }),
    ...quiet.paused.flatMap(({ id, name, startedAt }) => {
      const c = found(id)
      return c?.state === 'paused' && c.startedAt === startedAt
        ? []
        : [`container "${name}" was paused, and did not stay so while nobody was to write to its data`]
    }),
    ...quiet.idle.flatMap(({ id, name, startedAt }) => {
      const c = found(id)
      return c === undefined || (c.state === 'down' && c.startedAt === startedAt)
        ? []
        : [`container "${name}" was not running, and was started while nobody was to write to its data`]
    }),
  ]
}

export interface HostAfterCopy {
  readonly volumes: readonly Volume[]
  readonly hostVolumes: readonly Volume[]
  readonly containers: readonly Container[]
  readonly self: readonly string[]
  /**
   * Time by the engine's clock when the first stopped container was started again, `null` if none was. A container that came later did not
   * disturb.
   */
  readonly startedAgainAt: string | null
}

/**
 * Returns one sentence for each container that is not in `quiet`, can write to one of the volumes, and may have run during the copy. A
 * short-lived one (`docker run --rm`) leaves no trace in any case, so this can wait until the applications are up again.
 */
export function lateWriters(quiet: StoppedContainers, now: HostAfterCopy): readonly string[] {
  const known = new Set([...quiet.down, ...quiet.paused, ...quiet.idle].map(({ id }) => id))
  return now.containers
    .filter((c) => !known.has(c.id) && !c.ours && !now.self.includes(c.id) && hasRun(c))
    .filter((c) => !isLater(c, now.startedAgainAt))
    .flatMap((c) => {
      const why = now.volumes.map((volume) => howItWrites(c, volume, now.hostVolumes)).find((way) => way !== null)
      return why == null ? [] : [`container "${c.name}", which ${why}, was started while nobody was to write there`]
    })
}

/**
 * Tells whether a container surely did not run before `time` (of the engine; `null` gives `false`): it was started after it, and not for
 * the second time, because then it has run at another time too.
 */
function isLater(container: Container, time: string | null): boolean {
  if (time === null || !(Date.parse(container.startedAt) > Date.parse(time))) return false
  return !(Date.parse(container.finishedAt) > 0 && Date.parse(container.finishedAt) <= Date.parse(container.startedAt))
}

/** Tells whether a container ever ran: the engine writes its zero time for "never". */
function hasRun(container: Container): boolean {
  return container.state !== 'down' || !/^(0001-|$)/.test(container.startedAt)
}
