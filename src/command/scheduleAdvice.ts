/** Compares the schedules of a configuration with the workflows that start it, and with each other. Pure. */
import { posix } from 'node:path'
import type { Config, RawInstance } from '../config/load.ts'
import type { Schedule } from '../config/model.ts'
import { count, limit } from '../format.ts'
import { coincidences, type Stopper } from '../schedule/coincidence.ts'
import { scheduleWords, slotWords } from '../schedule/slotWords.ts'
import { fitTicks, rateWords, type TickFit, ticksOf } from '../schedule/ticks.ts'
import type { WorkflowFile, Workflows } from '../workflows/readWorkflows.ts'
import type { Advice } from './advice.ts'
import { volumeTargets, writtenHost } from './writtenTargets.ts'

/** An instance whose schedule is known. */
type Scheduled = RawInstance & { readonly schedule: Schedule }

/** The longest time that a slot may wait for the workflow without a warning, ms. */
const LONGEST_WAIT_MS = 3_600_000
/** Part of its slots that an instance may lose to shared ticks, as where a clock changes. */
const SHARED = 0.05

/** Returns the advice on schedules: what no workflow starts, what waits long, and what is asked for too often. */
export function adviseOnTicks(config: Config, { workflows }: Workflows, now: number): readonly Advice[] {
  const scheduled = config.instances.filter((one): one is Scheduled => one.schedule !== null)
  const asking = config.instances.find((one) => one.schedule !== null || one.scheduleIsOpen)
  if (asking === undefined) return []
  const starting = workflows.filter((one) => one.crons.length > 0 && usesFor(one, config.file).length > 0)
  if (starting.length === 0) return [noWorkflow(config, asking, workflows)]
  const fits = fitsBy(now)
  return scheduled.flatMap((one): readonly Advice[] => {
    const serving = starting.filter((workflow) => serves(workflow, config.file, one.id))
    if (serving.length === 0) {
      const message = `${one.id} has a \`schedule\`, but no workflow with a schedule runs it: the input \`instances\` of ${namesOf(starting)} leaves it out`
      return [{ severity: 'warning', line: one.schedule.line, message }]
    }
    const fit = fits(one.schedule, serving)
    const words = fit === null ? null : misfitWords(one.schedule, fit, serving)
    return words === null ? [] : [{ severity: 'warning', line: one.schedule.line, message: `${one.id} ${words}` }]
  })
}

/** Returns the uses of a workflow that back up by this configuration, as far as its words tell. */
function usesFor({ uses }: WorkflowFile, file: string): WorkflowFile['uses'] {
  const own = posix.normalize(file)
  return uses.filter(({ command, config }) => (command ?? 'backup') === 'backup' && (config ?? own) === own)
}

function serves(workflow: WorkflowFile, file: string, id: string): boolean {
  return usesFor(workflow, file).some(({ instances }) => instances === null || instances.includes(id))
}

function noWorkflow(config: Config, first: RawInstance, workflows: readonly WorkflowFile[]): Advice {
  const asking = config.instances.filter((one) => one.schedule !== null || one.scheduleIsOpen)
  const who = asking.length === 1 ? `${first.id} has a \`schedule\`` : `${asking.length} instances have a \`schedule\``
  const others = workflows.filter((one) => one.crons.length > 0)
  const hint =
    others.length === 0 ? '' : ` (${namesOf(others)} has a schedule, and runs another command or another configuration)`
  return {
    severity: 'warning',
    line: config.source.valueAt(['instances', first.index, 'schedule']).line,
    message: `${who}, but no workflow with a schedule runs \`command: backup\` with ${config.file}${hint}: nothing starts ${asking.length === 1 ? 'it' : 'them'}. Write \`on: schedule\` with a \`cron\` into the workflow`,
  }
}

/** Compares schedules with ticks: thousands of instances share a few schedules, and most of them all workflows. */
function fitsBy(now: number): (schedule: Schedule, serving: readonly WorkflowFile[]) => TickFit | null {
  const ticks = new Map<string, ReturnType<typeof ticksOf>>()
  const fits = new Map<string, TickFit | null>()
  return (schedule, serving) => {
    const who = namesOf(serving)
    const own = ticks.get(who) ?? ticksOf(cronsOf(serving), now)
    ticks.set(who, own)
    const key = `${who}\n${scheduleWords(schedule)}`
    const known = fits.get(key)
    const fit = known === undefined ? fitTicks(schedule, own, now) : known
    fits.set(key, fit)
    return fit
  }
}

/** Says what does not fit; `null` if all does. */
function misfitWords(schedule: Schedule, fit: TickFit, serving: readonly WorkflowFile[]): string | null {
  const { unit, per } = rateWords(fit.slots, fit.days)
  const crons = `${namesOf(serving)}: ${cronsOf(serving).map(scheduleWords).join('; ')}`
  const asksMore = fit.runs < fit.slots * (1 - SHARED)
  const rate = `asks for ${per(fit.slots)} runs a ${unit}, the workflow starts ${per(fit.runs)}`
  const waitMs = fit.longest === null ? 0 : fit.longest.tick - fit.longest.slot
  const slot = slotWords(new Date(fit.longest?.slot ?? 0), schedule)
  const wait = waitMs > LONGEST_WAIT_MS ? `its slot of ${slot} waits ${limit(waitMs)} for the next start` : null
  if (asksMore)
    return `${rate} (${crons}): one run serves all slots since the start before${wait === null ? '' : `, and ${wait}`}. Let the workflow start more often, or the instance less`
  return wait === null
    ? null
    : `waits for its workflow: ${wait} (${crons}). Choose a \`cron\` that comes soon after the \`schedule\``
}

function cronsOf(workflows: readonly WorkflowFile[]): readonly Schedule[] {
  return workflows.flatMap(({ crons }) => crons)
}

function namesOf(workflows: readonly WorkflowFile[]): string {
  return workflows.map(({ path }) => path).join(', ')
}

/** Returns a warning for each two instances that stop the containers of one volume at the same slot. */
export function adviseOnStops(config: Config, now: number): readonly Advice[] {
  const stoppers = config.instances.flatMap((one): readonly Stopper[] => {
    const { schedule } = one
    if (schedule === null) return []
    const host = writtenHost(config, one)
    return volumeTargets(config, one)
      .filter((target) => target.stops)
      .map(({ name }) => ({ id: one.id, schedule, volume: `${name}\n${host}` }))
  })
  return coincidences(stoppers, now).map(({ first, second, slot }) => ({
    severity: 'warning',
    line: second.schedule.line,
    message: `${second.id} and ${first.id} (line ${first.schedule.line}) both stop the containers of the volume ${second.volume.split('\n')[0]} at the same slot, next ${slotWords(new Date(slot), second.schedule)}: the second waits for the first, and the application is down twice. Choose different times, or put the targets into one instance`,
  }))
}

/** Returns what is wrong in the workflow files, each at its own line. */
export function adviseOnWorkflows({ problems }: Workflows): readonly Advice[] {
  return problems.map(({ path, line, message }) => ({ severity: 'warning', file: path, line, message }))
}

/** Says how many workflows run this configuration, for the log. */
export function workflowsWords(config: Config, { workflows }: Workflows): string {
  const own = workflows.filter((one) => usesFor(one, config.file).length > 0)
  if (own.length === 0) return 'No workflow of this checkout runs it.'
  const crons = cronsOf(own).map(scheduleWords)
  return `Run by ${count(own.length, 'workflow')} (${namesOf(own)}): ${crons.length === 0 ? 'without a schedule' : crons.join('; ')}.`
}
