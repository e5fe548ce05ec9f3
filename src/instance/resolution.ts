/** The phase `resolve`: decides which targets there are, how each will be staged, and which containers are stopped for it. Nothing is touched. */
import { hookContainer } from '../applications/hooks.ts'
import { findClaims } from '../claim/findClaims.ts'
import type { Target } from '../config/model.ts'
import { goesOnAfterFailure, saysGoesOn } from '../container/scriptHead.ts'
import type { Journal } from '../docker/labels.ts'
import { secretsOfOptions } from '../docker/mountOptions.ts'
import { InstanceError } from '../errors.ts'
import { joinSentences } from '../format.ts'
import { RESTIC_BACKUP } from '../restic/scripts.ts'
import { warnOfLiveDatabase } from '../targets/liveDatabase.ts'
import { type DbSource, type Resolved, resolveTargets, type VolumeSource } from '../targets/resolve.ts'
import { failTarget, type InstanceRun } from './instanceRun.ts'
import type { OthersPolicy } from './otherInstances.ts'
import { type InstanceStops, planInstanceStops } from './planStops.ts'
import { targetName } from './reportBuilder.ts'

export interface Resolution {
  readonly volumes: readonly VolumeSource[]
  readonly databases: readonly DbSource[]
  /** Databases that another run has stopped. Empty except in a dry run, which does not wait for them. */
  readonly awaited: readonly Target[]
  readonly stops: InstanceStops
}

/**
 * Finds the targets, and decides what is stopped. A target that is missing or cannot be staged is recorded as failed; the instance goes on.
 * `others` decides what to do if another instance has stopped one. Throws `InstanceError` if the instance as a whole cannot be run, as when
 * its script does not exist.
 */
export async function resolve(run: InstanceRun, others: OthersPolicy): Promise<Resolution> {
  const { context, instance, report } = run
  const pending = context.pending(instance)
  if (pending.length > 0) throw new InstanceError(joinSentences(pending))
  if (instance.repository !== null) run.script = Buffer.from(RESTIC_BACKUP)
  if (instance.script !== null) {
    run.script = await context.readScript(instance.script)
    if (goesOnAfterFailure(run.script)) await run.log.write('marina', saysGoesOn(`script ${instance.script}`))
  }
  const targets = await targetsOfInstance(run)
  for (const target of targets) report.expect(target)
  const volumes: VolumeSource[] = []
  const databases: DbSource[] = []
  const { found, awaited } = await resolveRunning(run, targets, others)
  for (const one of found) {
    if (one.kind === 'unresolved') await failTarget(run, one.target, { error: one.error })
    else if (one.kind === 'db') databases.push(one)
    else {
      const { name, options } = one.volume
      const doubt = run.context.hide(
        secretsOfOptions(options),
        `the password in the options of volume "${name}"`,
        'untold',
      )
      if (doubt !== null) await report.warn(doubt)
      volumes.push(one)
    }
  }
  const planned = await planInstanceStops(run, volumes, others)
  for (const source of planned.sources)
    if (source.liveDatabase !== null)
      await report.warn(warnOfLiveDatabase(source.volume.name, source.liveDatabase, targets))
  return { volumes: planned.sources, databases, awaited, stops: planned.stops }
}

/** Returns the resolution without the volumes `failed`. A container that only they needed stopped is then not stopped. */
export async function leaveOut(
  run: InstanceRun,
  resolution: Resolution,
  failed: readonly VolumeSource[],
  others: OthersPolicy,
): Promise<Resolution> {
  const left = resolution.volumes.filter((source) => !failed.includes(source))
  const planned = await planInstanceStops(run, left, others)
  return { ...resolution, volumes: planned.sources, stops: planned.stops }
}

async function targetsOfInstance({ context, instance, log }: InstanceRun): Promise<readonly Target[]> {
  if (instance.targets !== null) return instance.targets
  const { targets, remarks } = await context.discover(instance)
  for (const remark of remarks) await log.write('marina', remark)
  return targets
}

/**
 * Resolves the targets. Databases that are down because another instance stopped them are waited for and looked at again or, in a dry run,
 * returned as `awaited`.
 */
async function resolveRunning(
  run: InstanceRun,
  targets: readonly Target[],
  others: OthersPolicy,
): Promise<{ readonly found: readonly Resolved[]; readonly awaited: readonly Target[] }> {
  const { host, hostName } = run.context
  const { docker, engine } = host
  const onOdd = run.report.warnOnce
  const look = () => resolveTargets({ docker, engine, hostName, onOdd }, targets, { signal: run.abort.signal })
  const found = await look()
  const down = found.flatMap((one) =>
    one.kind === 'unresolved' && one.downId !== null
      ? [{ id: one.downId, name: targetName(one.target), target: one.target, journal: null }]
      : [],
  )
  if (down.length === 0) return { found, awaited: [] }
  const claims = await findClaims(host)
  const restarts = claims.flatMap((claim) => (claim.kind === 'helper' ? claim.restart : []))
  const stopped = down.filter(({ id }) => restarts.some((one) => one.id === id))
  if (stopped.length === 0) return { found, awaited: [] }
  if (await others.untilUp(stopped)) return { found: await look(), awaited: [] }
  const awaited = stopped.map(({ target }) => target)
  return { found: found.filter((one) => !awaited.includes(one.target)), awaited }
}

/**
 * Makes the journal of the instance's claim, which tells other processes on the host what is stopped, what is dumped, and in which
 * containers a postHook is due.
 */
export function journalOf({ volumes, databases, stops }: Resolution): Journal {
  const places = [
    ...databases.flatMap(({ target, container }) => (target.postHook === null ? [] : [container.name])),
    ...volumes.flatMap(({ target, volume }) =>
      target.postHook === null ? [] : (hookContainer(volume.name, stops.containers, stops.self)?.name ?? []),
    ),
  ]
  return {
    restart: stops.journal,
    dumps: databases.map((source) => source.container.id),
    hooks: [...new Set(places)],
  }
}
