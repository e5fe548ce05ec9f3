/** Decides which of the selected instances a run takes: reads what the host and the forge remember, and asks the pure rule. */

import type { Inputs } from '../action/inputs.ts'
import { findClaims } from '../claim/findClaims.ts'
import type { DockerHost } from '../claim/host.ts'
import type { Config } from '../config/load.ts'
import { hostsOf } from '../config/runnerHosts.ts'
import { sayError } from '../errors.ts'
import { minute } from '../format.ts'
import { readRecords } from '../record/hostRecords.ts'
import { credibleStart, type InstanceRecord, recordOwner } from '../record/recordLabels.ts'
import { dependsOnEarlierRun, lastStartOf, previousTickOf, tickOf } from '../schedule/due.ts'
import { type Candidate, type PlanItem, type PlanRequest, planRun } from '../schedule/planRun.ts'
import type { CommandContext } from './commandContext.ts'
import { NO_RUNS, readLastRuns, readTicks } from './scheduledRuns.ts'

/** Memory of the instances' past. */
export interface Memory {
  /** The records of this repository, by instance. */
  readonly records: ReadonlyMap<string, InstanceRecord>
  /** The starts by schedule of runs that still go on, by instance, ms since 1970. */
  readonly goingOn: ReadonlyMap<string, number>
}

export const NO_MEMORY: Memory = { records: new Map(), goingOn: new Map() }

/**
 * Reads what the host remembers. A record of another repository counts as none; before the first run of an instance of `ids` it gives a
 * warning. Never throws.
 */
export async function readMemory(host: DockerHost, ids: readonly string[]): Promise<Memory> {
  const own = recordOwner(host.owner)
  try {
    const all = await readRecords(host.docker)
    const records = new Map(
      all
        .filter(({ repository }) => repository === own)
        .map((record) => [record.instance, record] as const)
        .reverse(),
    )
    for (const id of ids) {
      const other = all.find(({ instance }) => instance === id)
      if (other === undefined || records.has(id)) continue
      await host.warn(
        `instance ${id}: this host remembers runs of an instance of that id of ${other.repository.split(' ')[0] || 'a run away from a forge'}: two repositories use the id here. Each is remembered on its own, but only one of them can run at a time: give one of them another id`,
      )
    }
    const claims = await findClaims(host)
    const starts = claims.flatMap(({ instance, start, owner }) =>
      start?.isScheduled && recordOwner(owner) === own ? [[instance, start.at] as const] : [],
    )
    return {
      records,
      goingOn: new Map(starts),
    }
  } catch (error) {
    await host.warn(
      `What this host remembers of earlier runs could not be read, so that the workflow's runs and ticks decide what is due: ${sayError(error)}`,
    )
    return NO_MEMORY
  }
}

interface DecideRequest {
  readonly candidates: readonly Candidate[]
  /** The runner labels of each instance's host. */
  readonly hosts: ReadonlyMap<string, readonly string[]>
  readonly memory: Memory
  /** ms since 1970 in UTC. */
  readonly now: number
}

/**
 * Decides for each candidate, in their order. The API is asked about this run and those before it only if something is to be decided that
 * the memory does not know. If it does not answer, a notice says so; never throws.
 */
export async function decideAll(
  action: CommandContext,
  { candidates, hosts, memory, now }: DecideRequest,
): Promise<readonly PlanItem[]> {
  const { inputs, event, console } = action
  const mode = modeOf(inputs.select, event.name)
  const start = (id: string) => lastKnown(memory, id, now)
  const open = mode === 'due' ? candidates.filter(({ id, schedule }) => schedule !== null && start(id) === null) : []
  const asked = [...new Map(open.map(({ id }) => [labelsOf(hosts, id).join(' '), labelsOf(hosts, id)])).values()]
  const isTicked = event.name === 'schedule' && event.attempt === 1
  const dependsOnTick = (one: Candidate) =>
    isFreeOfSlots(one, mode) ? isTicked && start(one.id) !== null : dependsOnEarlierRun(one, start(one.id), now)
  const isAsked = asked.length > 0 || (mode !== 'all' && candidates.some(dependsOnTick))
  const runs = isAsked ? await readLastRuns(action, asked) : NO_RUNS
  if (runs.unknown !== null && asked.length > 0)
    await console.notice(
      `${runs.unknown}. So the ticks of the workflow decide for instances of which this host has no record`,
    )
  const fired = mode === 'all' ? [] : await readTicks(action)
  const tick = { fired, createdAt: Math.min(runs.createdAt ?? now, now) }
  const latest = previousTickOf(tick, null)
  const past = (id: string) => {
    const record = start(id)
    const run = record === null ? runs.on(labelsOf(hosts, id)) : null
    return {
      last: lastStartOf({ record, runs: run, previousTick: latest, now }),
      runs: memory.records.get(id)?.runs ?? [],
    }
  }
  const previousTick = previousTickOf(tick, runs.earlierRun)
  return planRun({ candidates, mode, past, previousTick, tick: isTicked ? tickOf(tick) : null, attempt: event, now })
}

/** Tells whether each tick takes the instance, whatever its slots. */
function isFreeOfSlots({ schedule, isOpen, isNamed }: Candidate, mode: PlanRequest['mode']): boolean {
  return mode === 'every' || (schedule === null && !isOpen && isNamed)
}

/** Returns the last start by schedule that the host knows of, ms since 1970; `null` if it knows none. */
function lastKnown({ records, goingOn }: Memory, id: string, now: number): number | null {
  const record = records.get(id)
  const starts = [record === undefined ? null : credibleStart(record, now), goingOn.get(id)].filter(
    (start) => typeof start === 'number',
  )
  return starts.length === 0 ? null : Math.max(...starts)
}

function labelsOf(hosts: DecideRequest['hosts'], id: string): readonly string[] {
  return hosts.get(id) ?? []
}

/** Returns the runner labels of the host of each instance. */
export function hostsById({ instances }: Pick<Config, 'instances'>): ReadonlyMap<string, readonly string[]> {
  const hosts = hostsOf(instances)
  return new Map(instances.map(({ id }, index) => [id, hosts[index]?.runsOn ?? []]))
}

/**
 * Returns what a run takes. `select: auto` takes what is due if the workflow's schedule started the run, and everything if a person or the
 * API did; `due` takes what is due, `all` everything at every start.
 */
export function modeOf(select: Inputs['select'], event: string): PlanRequest['mode'] {
  if (select === 'all') return 'every'
  return select === 'due' || event === 'schedule' ? 'due' : 'all'
}

/** Longest list of decisions in the job's log. */
const DECISIONS_SHOWN = 200

/** Prints which of the selected instances are due, and why, those first. */
export async function sayDecisions({ info }: CommandContext['console'], items: readonly PlanItem[]): Promise<void> {
  const ordered = [...items.filter(({ isTaken }) => isTaken), ...items.filter(({ isTaken }) => !isTaken)]
  for (const { id, isTaken, why, next } of ordered.slice(0, DECISIONS_SHOWN)) {
    const later = isTaken || next === null ? '' : `; next ${minute(next.toISOString())}`
    await info(`${id}: ${isTaken ? 'due' : 'not due'}: ${why}${later}`)
  }
  if (items.length > DECISIONS_SHOWN) await info(`and ${items.length - DECISIONS_SHOWN} more that are not shown here`)
}
