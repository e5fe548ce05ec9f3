/** Makes a dry run, which says what would be staged and how, and which containers would be stopped. It touches nothing and waits for nobody. */
import type { Instance, Target } from '../config/model.ts'
import type { InstanceLog } from '../log/instanceLog.ts'
import type { PlannedTarget } from '../outcome.ts'
import type { VolumeSource } from '../targets/resolve.ts'
import type { InstanceContext } from './context.ts'
import { refuseBrokenScript, refuseMissingObjects } from './image.ts'
import { beginInstanceRun, explainFailure, type InstanceRun } from './instanceRun.ts'
import { nameOthers } from './otherInstances.ts'
import { type InstanceOutcome, targetName } from './reportBuilder.ts'
import { type Resolution, resolve } from './resolution.ts'

/** Previews one instance. Targets that a run would stage are reported as planned; what already cannot work has failed, as in a run. Never throws. */
export async function previewInstance(
  context: InstanceContext,
  instance: Instance,
  log: InstanceLog,
  now: () => Date,
): Promise<InstanceOutcome> {
  const run = beginInstanceRun(context, instance, log, now)
  try {
    const resolution = await run.report.phase('resolve', async () => {
      const found = await resolve(run, nameOthers(run))
      refuseBrokenScript(run, instance.entrypoint)
      await refuseMissingObjects(run)
      return found
    })
    for (const volume of resolution.volumes) await reportPlan(run, volume.target, planOfVolume(volume))
    for (const { target } of resolution.databases)
      await reportPlan(run, target, { staging: 'dump', plan: 'dumped', warnings: [] })
    for (const target of resolution.awaited) await reportPlan(run, target, AWAITED)
    await sayStops(run, resolution)
    await log.write('marina', `image ${instance.customImage} would run with ${run.layout.directory}`)
  } catch (error) {
    explainFailure(run, error)
  }
  const outcome = run.report.end()
  // without targets there is nothing that is planned: not begun it is all the same
  return outcome.status === 'success' ? { ...outcome, status: 'skipped' } : outcome
}

type Plan = Pick<PlannedTarget, 'staging' | 'plan' | 'warnings'>

function planOfVolume({ staging: { strategy, why } }: VolumeSource): Plan {
  return { staging: strategy.name, plan: strategy.describe(why), warnings: [] }
}

/** The plan for a database that another run has stopped. */
const AWAITED: Plan = {
  staging: 'dump',
  plan: 'dumped, once the run that has stopped it has started it again',
  warnings: [],
}

async function reportPlan(run: InstanceRun, target: Target, how: Plan): Promise<void> {
  run.report.planned(target, how)
  await run.log.write('marina', `${target.kind} ${targetName(target)} would be ${how.plan}`)
}

async function sayStops(run: InstanceRun, { stops }: Resolution): Promise<void> {
  const names = stops.journal.map((one) => one.name).reverse()
  if (names.length > 0) await run.log.write('marina', `${names.join(', ')} would be stopped and started again`)
}
