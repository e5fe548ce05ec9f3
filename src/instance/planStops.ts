/** Who would be stopped for an instance, decided once before the claim: the journal has to list them from the first moment. */

import { allContainers, allVolumes, readRunnerTraces } from '../applications/inspect.ts'
import { runnerContainers } from '../applications/runnerContainers.ts'
import { planStops, type StopGroup, type StopPlanInput } from '../applications/stopPlan.ts'
import { waitForStopped } from '../claim/journals.ts'
import { type JournalEntry, stoppedBy } from '../docker/labels.ts'
import type { Container } from '../docker/parseContainer.ts'
import { InstanceError } from '../errors.ts'
import type { VolumeSource } from '../targets/resolve.ts'
import { failTarget, type InstanceRun } from './instanceRun.ts'

export interface InstanceStops {
  /** The volumes of one group are stopped, copied and started as one. */
  readonly groups: readonly StopGroup[]
  /** All containers of the host, for the hooks. */
  readonly containers: readonly Container[]
  /** Ids of the runner's own containers. */
  readonly self: readonly string[]
  /** In the order of starting. */
  readonly journal: readonly JournalEntry[]
}

const NOBODY: InstanceStops = { groups: [], containers: [], self: [], journal: [] }

/** Asks the host and decides. Targets that cannot be had stopped have failed; the others are returned. Asks nothing where nobody is to be stopped and there are no hooks. */
export async function planInstanceStops(
  run: InstanceRun,
  sources: readonly VolumeSource[],
): Promise<{ readonly quiet: InstanceStops; readonly sources: readonly VolumeSource[] }> {
  const stopped = sources.filter((source) => source.target.stopAttached)
  const hooked = sources.filter((source) => source.target.preHook !== null || source.target.postHook !== null)
  if (stopped.length === 0 && hooked.length === 0) return { quiet: NOBODY, sources }
  const { plan, containers, self } = await decide(run, stopped, hooked)
  const byName = (name: string) => {
    const source = sources.find((one) => one.volume.name === name)
    if (!source) throw new InstanceError(`volume ${name} is not a target`)
    return source
  }
  for (const { target, error } of plan.refused) await failTarget(run, byName(target).target, error)
  for (const { target, message } of plan.warnings) await run.report.warn(`volume ${target}: ${message}`)
  const refused = new Set(plan.refused.map((one) => one.target))
  return {
    quiet: {
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

/** What is down because another instance stopped it is not down for good: its turn is waited for, and the host asked again. */
async function decide(run: InstanceRun, stopped: readonly VolumeSource[], hooked: readonly VolumeSource[]) {
  const { host } = run.context
  const options = { signal: run.stop.signal }
  const planOf = (on: Omit<StopPlanInput, 'volumes'>) =>
    planStops({ ...on, volumes: stopped.map((source) => source.volume) })
  const ask = async () => {
    const [containers, hostVolumes, traces] = await Promise.all([
      allContainers(host.docker, options),
      allVolumes(host.docker, options),
      readRunnerTraces(),
    ])
    const self = runnerContainers(traces, containers)
    return { plan: planOf({ hostVolumes, containers, self }), hostVolumes, containers, self }
  }
  const asked = await ask()
  const journaled = new Set(asked.containers.filter((one) => one.ours).flatMap((one) => stoppedBy(one.labels)))
  const isDown = (one: Container) => one.state === 'down' && journaled.has(one.id)
  // whoever depends on a writer shows in the plan only while it runs
  const asUp = asked.containers.map((one) => (isDown(one) ? { ...one, state: 'running' as const } : one))
  const wouldStop = planOf({ ...asked, containers: asUp }).groups.flatMap((group) => group.stop.flat())
  const stops = [...wouldStop.map(({ container }) => container.id), ...placesOf(asked.containers, hooked)]
  const down = asked.containers.filter((one) => isDown(one) && stops.includes(one.id)).map((one) => one.id)
  if (down.length === 0) return asked
  await waitForStopped({
    host,
    stops: down,
    dumps: [],
    waitMs: run.instance.timeoutMs,
    signal: run.stop.signal,
    say: (line) => run.log.write('marina', line),
  })
  return ask()
}

/** Those in which a volume's hooks could run, if they ran themselves. */
function placesOf(containers: readonly Container[], hooked: readonly VolumeSource[]): readonly string[] {
  const names = hooked.map((source) => source.volume.name)
  return containers
    .filter((one) => one.mounts.some((mount) => mount.name !== null && names.includes(mount.name)))
    .map((one) => one.id)
}
