/**
 * Decides which instances a drill takes: on a schedule those that are due, by hand those that have a `drill` or are named, and with
 * `select: all` every one.
 */
import { engineNow } from '../claim/host.ts'
import type { Config } from '../config/load.ts'
import { readDrillSchedule } from '../config/openSchedule.ts'
import { isTreeMap, treeAt } from '../config/yaml.ts'
import type { PastDrill, PastRun } from '../outcome.ts'
import type { Candidate, PlanItem } from '../schedule/planRun.ts'
import type { CommandContext } from './commandContext.ts'
import type { PlannedInstance } from './loadConfiguration.ts'
import type { OpenHost } from './openHost.ts'
import type { RunPlan } from './runPlan.ts'
import { decideAll, hostsById, type Memory, modeOf, NO_MEMORY, readMemory, sayDecisions } from './takeDue.ts'

/** An instance to drill, and why it is drilled now. */
export interface TakenDrill {
  readonly one: PlannedInstance
  readonly item: PlanItem
}

/** Decides which of the selected instances are drilled, by the rule above, and prints that, if the schedule decides or the run is repeated. */
export async function takeDrills(
  action: CommandContext,
  plan: RunPlan,
  { host }: OpenHost,
): Promise<readonly TakenDrill[]> {
  const { inputs, event, console } = action
  const mode = modeOf(inputs.select, event.name)
  const wanted = plan.instances.filter(
    (one) => inputs.select === 'all' || hasDrill(plan, one) || inputs.instances.includes(one.raw.id),
  )
  const ids = wanted.map(({ raw }) => raw.id)
  const isDue = mode === 'due' || event.attempt > 1
  const memory = isDue ? drillsOf(await readMemory(host, ids)) : NO_MEMORY
  const candidates = wanted.map((one) => candidateOf(plan.config, one, inputs.instances))
  const items = await decideAll(action, { candidates, hosts: hostsById(plan.config), memory, now: engineNow(host) })
  if (isDue) await sayDecisions(console, items)
  return items.flatMap((item, index) => (item.isTaken ? [{ one: wanted[index] as PlannedInstance, item }] : []))
}

/** Tells whether the configuration gives the instance a `drill`. */
export function hasDrill({ config }: Pick<RunPlan, 'config'>, { raw }: PlannedInstance): boolean {
  return isTreeMap(treeAt(config.tree, ['instances', raw.index, 'drill']))
}

/** Returns what decides when an instance is drilled. One that cannot be resolved fails, but only when its time has come. */
export function candidateOf(config: Config, one: PlannedInstance, named: readonly string[]): Candidate {
  const { raw } = one
  const base = { id: raw.id, catchUp: true, isNamed: named.includes(raw.id) }
  if (one.ok) return { ...base, schedule: one.instance.drill?.schedule ?? null, isOpen: false }
  const schedule = readDrillSchedule(config, raw, () => undefined)
  // nobody knows when it is due, so that each tick says that it cannot be drilled
  if (schedule !== null && 'why' in schedule) return { ...base, schedule: null, isOpen: true }
  return { ...base, schedule, isOpen: false }
}

/** Makes of the memory of backups that of drills, in the form in which the rule of what is due reads it. */
export function drillsOf({ records }: Memory): Memory {
  const asRun = ({ verdict, startedAt, isScheduled, restoreSeconds, runId, attempt }: PastDrill): PastRun => {
    const status = verdict === 'proven' || verdict === 'nothing-to-drill' ? 'success' : 'failed'
    return { startedAt, status, isScheduled, seconds: restoreSeconds, bytes: null, runId, attempt }
  }
  return {
    goingOn: new Map(),
    records: new Map(
      [...records].flatMap(([id, record]) => {
        const last = record.drills.find(({ isScheduled }) => isScheduled)
        const lastScheduled = last === undefined ? null : Date.parse(last.startedAt)
        // a record of backups alone says nothing of drills
        return record.drills.length === 0 ? [] : [[id, { ...record, lastScheduled, runs: record.drills.map(asRun) }]]
      }),
    ),
  }
}
