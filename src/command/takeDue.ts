/** Decides which of the selected instances a run takes: reads what the host and the forge remember, and asks the pure rule. */
import type { PlatformContext } from '../action/platform.ts'
import { findClaims } from '../claim/findClaims.ts'
import type { DockerHost } from '../claim/host.ts'
import type { Schedule } from '../config/model.ts'
import { sayError } from '../errors.ts'
import { readRecords } from '../record/hostRecords.ts'
import { type InstanceRecord, recordOwner } from '../record/recordLabels.ts'
import { lastStartOf, previousTickOf } from '../schedule/due.ts'
import { type Candidate, type PlanItem, type PlanRequest, planRun } from '../schedule/planRun.ts'

/** What is remembered of the instances' past. */
export interface Memory {
  /** The records of this repository, by instance. */
  readonly records: ReadonlyMap<string, InstanceRecord>
  /** The starts by schedule of runs that still go on, by instance, ms since 1970. */
  readonly goingOn: ReadonlyMap<string, number>
}

export const NO_MEMORY: Memory = { records: new Map(), goingOn: new Map() }

/** Reads what the host remembers. A record of another repository counts as none, with a warning if the instance is one of `ids`. Never throws. */
export async function readMemory(host: DockerHost, ids: readonly string[]): Promise<Memory> {
  const own = recordOwner(host.owner)
  try {
    const all = await readRecords(host.docker)
    for (const id of ids) {
      const record = all.get(id)
      if (record === undefined || record.repository === own) continue
      await host.warn(
        `instance ${id}: this host remembers runs of an instance of that id of ${record.repository.split(' ')[0] || 'a run away from a forge'}: two repositories use the id here. Give one of them another, or each takes the other's slots for not served`,
      )
    }
    const claims = await findClaims(host)
    const starts = claims.flatMap(({ instance, start, owner }) =>
      start?.isScheduled && recordOwner(owner) === own ? [[instance, start.at] as const] : [],
    )
    return {
      records: new Map([...all].filter(([, { repository }]) => repository === own)),
      goingOn: new Map(starts),
    }
  } catch (error) {
    await host.warn(
      `What this host remembers of earlier runs could not be read, so that the workflow's runs and ticks decide what is due: ${sayError(error)}`,
    )
    return NO_MEMORY
  }
}

export interface TakeRequest {
  readonly candidates: readonly Candidate[]
  readonly select: 'auto' | 'due' | 'all'
  readonly event: Pick<PlatformContext, 'name' | 'runId' | 'attempt'>
  readonly memory: Memory
  /** The start of the last scheduled run of the workflow that began on the candidate's host, ms since 1970; `null` if it is not known. */
  readonly lastRun: (id: string) => number | null
  /** The crons that may have started this run. */
  readonly ticks: readonly Schedule[]
  /** ms since 1970 in UTC. */
  readonly now: number
}

/** Decides for each candidate, in their order. */
export function takeDue({ candidates, select, event, memory, lastRun, ticks, now }: TakeRequest): readonly PlanItem[] {
  const previousTick = previousTickOf(ticks, now)
  const past: PlanRequest['past'] = (id) => {
    const record = memory.records.get(id)
    const starts = [record?.lastScheduled, memory.goingOn.get(id)].filter((start) => typeof start === 'number')
    const remembered = starts.length === 0 ? null : Math.max(...starts)
    return {
      last: lastStartOf({ record: remembered, runs: remembered === null ? lastRun(id) : null, previousTick, now }),
      runs: record?.runs ?? [],
    }
  }
  return planRun({ candidates, mode: modeOf(select, event.name), past, previousTick, attempt: event, now })
}

/** `auto` takes what is due if the workflow's schedule started the run, and everything if a person or the API did. */
export function modeOf(select: TakeRequest['select'], event: string): PlanRequest['mode'] {
  if (select === 'all') return 'every'
  return select === 'due' || event === 'schedule' ? 'due' : 'all'
}
