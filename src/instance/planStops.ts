/**
 * Decides which containers are stopped for an instance. It is decided before the claim, because the claim's journal must list them from the
 * first moment.
 */

import { hostContents, readRunnerTraces } from '../applications/hostState.ts'
import { runnerContainers } from '../applications/runnerContainers.ts'
import { tooSlowToStop } from '../applications/stop.ts'
import { planStops, type StopGroup, type StopPlan, type StopPlanInput } from '../applications/stopPlan.ts'
import { type JournalEntry, parseClaim } from '../docker/labels.ts'
import type { Container } from '../docker/parseContainer.ts'
import { InstanceError } from '../errors.ts'
import { joinSentences } from '../format.ts'
import type { VolumeSource } from '../targets/resolve.ts'
import { failTarget, type InstanceRun } from './instanceRun.ts'
import type { OthersPolicy } from './otherInstances.ts'

export interface InstanceStops {
  /** Groups of volumes. The volumes of one group are stopped, copied and started together. */
  readonly groups: readonly StopGroup[]
  /** All containers of the host, among which the hooks look for theirs. Empty if nothing is to be stopped and there are no hooks. */
  readonly containers: readonly Container[]
  /** Ids of the runner's own containers. */
  readonly self: readonly string[]
  /** Containers to start again, in the order of starting. */
  readonly journal: readonly JournalEntry[]
}

const NOBODY: InstanceStops = { groups: [], containers: [], self: [], journal: [] }

/**
 * Asks the host and decides. Targets whose containers cannot be stopped are recorded as failed; the others are returned. Asks nothing if no
 * container is to be stopped and there are no hooks.
 */
export async function planInstanceStops(
  run: InstanceRun,
  sources: readonly VolumeSource[],
  others: OthersPolicy,
): Promise<{ readonly stops: InstanceStops; readonly sources: readonly VolumeSource[] }> {
  const stopped = sources.filter((source) => source.target.stopAttached)
  const hooked = sources.filter((source) => source.target.preHook !== null || source.target.postHook !== null)
  if (stopped.length === 0 && hooked.length === 0) return { stops: NOBODY, sources }
  const { plan: planned, containers, self } = await decide(run, { stopped, hooked }, others)
  const plan = withoutTooSlow(planned, run.instance.timeoutMs)
  const byName = (name: string) => {
    const source = sources.find((one) => one.volume.name === name)
    if (!source) throw new InstanceError(`volume ${name} is not a target`)
    return source
  }
  for (const { target, error } of plan.refused) await failTarget(run, byName(target).target, { error })
  for (const { target, message } of plan.warnings) await run.report.warn(`volume ${target}: ${message}`)
  const refused = new Set(plan.refused.map((one) => one.target))
  return {
    stops: {
      groups: plan.groups,
      containers,
      self,
      journal: plan.groups.flatMap((group) =>
        group.start.flatMap((wave, index) => wave.map((one) => ({ ...one, wave: index }))),
      ),
    },
    sources: sources.filter((source) => !refused.has(source.volume.name)),
  }
}

/** Refuses each target with a container whose stop may take longer than the timeout of the instance. */
function withoutTooSlow(plan: StopPlan, timeoutMs: number): StopPlan {
  const judged = plan.groups.map((group) => ({ group, tooSlow: tooSlowToStop(group.stop, timeoutMs) }))
  const refused = judged.flatMap(({ group, tooSlow }) => {
    const error = joinSentences(tooSlow.map((one) => one.error))
    return tooSlow.length === 0 ? [] : group.targets.map((target) => ({ target, error }))
  })
  return {
    groups: judged.flatMap(({ group, tooSlow }) => (tooSlow.length === 0 ? [group] : [])),
    refused: [...plan.refused, ...refused],
    warnings: plan.warnings.filter(({ target }) => !refused.some((one) => one.target === target)),
  }
}

interface PlannedHost extends Omit<StopPlanInput, 'volumes'> {
  readonly plan: StopPlan
}

/**
 * Plans the stops. If another instance has stopped some of the containers, they are not down for good: it waits for that instance and plans
 * again. A dry run plans as if they were up.
 */
async function decide(
  run: InstanceRun,
  { stopped, hooked }: { readonly stopped: readonly VolumeSource[]; readonly hooked: readonly VolumeSource[] },
  others: OthersPolicy,
): Promise<PlannedHost> {
  const planOf = (on: Omit<StopPlanInput, 'volumes'>): PlannedHost => ({
    ...on,
    plan: planStops({ ...on, volumes: stopped.map((source) => source.volume) }),
  })
  const look = () =>
    lookAtHost(
      run,
      stopped.map((source) => source.volume.name),
    )
  const host = await look()
  const journals = journalsOf(host.containers)
  const isDown = (one: Container) => one.state === 'down' && journals.has(one.id)
  // a container that depends on a writer shows in the plan only while it runs
  const asUp = planOf({
    ...host,
    containers: host.containers.map((one) => (isDown(one) ? { ...one, state: 'running' as const } : one)),
  })
  const wouldStop = asUp.plan.groups.flatMap((group) => group.stop.flat().map(({ container }) => container.id))
  const needed = new Set([...wouldStop, ...hookContainersOf(host.containers, hooked)])
  const down = host.containers.filter((one) => isDown(one) && needed.has(one.id))
  if (down.length === 0) return planOf(host)
  const isUpNow = await others.untilUp(down.map(({ id, name }) => ({ id, name, journal: journals.get(id) ?? null })))
  return isUpNow ? planOf(await look()) : asUp
}

/**
 * Returns, for the id of each container that a run has stopped: `null` while a run's claim lists it, else the name of the journal that
 * remembers it for a run which could not start it again.
 */
function journalsOf(containers: readonly Container[]): ReadonlyMap<string, string | null> {
  const claims = containers.flatMap((one) => parseClaim(one) ?? [])
  const entries = claims.flatMap((claim) =>
    'restart' in claim
      ? claim.restart.map(({ id }) => [id, claim.kind === 'journal' ? claim.container.name : null] as const)
      : [],
  )
  // a run that is under way tells more than what an earlier one left
  return new Map([
    ...entries.filter(([, journal]) => journal !== null),
    ...entries.filter(([, journal]) => journal === null),
  ])
}

/** Asks the host. `targets` are the names of the volumes for which containers are stopped. */
async function lookAtHost(
  { context, abort, report }: InstanceRun,
  targets: readonly string[],
): Promise<Omit<StopPlanInput, 'volumes'>> {
  const { docker } = context.host
  const [host, traces] = await Promise.all([
    hostContents(docker, targets, report.warnOnce, { signal: abort.signal }),
    readRunnerTraces(),
  ])
  return { ...host, self: runnerContainers(traces, host.containers) }
}

/** Returns the ids of the containers that have one of these volumes mounted, running or not: a volume's hooks run in one of them. */
function hookContainersOf(containers: readonly Container[], hooked: readonly VolumeSource[]): readonly string[] {
  const names = hooked.map((source) => source.volume.name)
  return containers
    .filter((one) => one.mounts.some((mount) => mount.name !== null && names.includes(mount.name)))
    .map((one) => one.id)
}
