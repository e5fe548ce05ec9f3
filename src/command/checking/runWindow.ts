/** Lists the runs of a workflow: the recent ones at once, and those after an older time when they are asked for. */
import type { Answer, Forge } from '../../action/forge/askForge.ts'
import { listRuns, type WorkflowRun } from '../../action/forge/workflowRuns.ts'
import { refusedEvent } from '../../action/platform.ts'

export interface RunWindow {
  /** The recent runs, the latest first: as many as the API shows, without those that strangers started. */
  readonly recent: readonly WorkflowRun[]
  /** Returns the runs that may have begun at or after a slot (ms since 1970 in UTC), the earliest first. */
  readonly since: (slot: number) => Promise<readonly WorkflowRun[]>
  /** Names what the API did not tell. */
  readonly problems: readonly string[]
}

const DAY = 24 * 3_600_000
/** Time after its creation within which a run may still begin, or be repeated, and so serve a later slot, ms. */
const LATE_MS = 2 * DAY
/** Span of time of which runs are listed at once, ms. */
const RECENT_MS = 32 * DAY
/** The API shows no more than 1000 runs of one search. */
const MOST_PAGES = 10

/** Lists the runs since the oldest of the slots that are looked for, at first those of the last `RECENT_MS` at most. */
export async function openRunWindow(
  forge: Forge,
  workflow: string,
  { oldest, now }: { readonly oldest: number; readonly now: number },
): Promise<Answer<RunWindow>> {
  const from = Math.max(Math.min(oldest, now) - LATE_MS, now - RECENT_MS)
  const listed = await listRuns(forge, { workflow, created: `>=${seconds(from)}`, perPage: 100, mostPages: MOST_PAGES })
  if ('unknown' in listed) return listed
  const recent = listed.value.items.filter(isOurs)
  const covered = listed.value.isCut ? Math.min(...recent.map((run) => Date.parse(run.createdAt)), now) + LATE_MS : from
  const problems: string[] = []
  const known = new Map<number, Promise<readonly WorkflowRun[]>>()

  async function listSince(slot: number): Promise<readonly WorkflowRun[]> {
    const later = recent.filter((run) => Date.parse(run.updatedAt) >= slot)
    if (slot >= covered) return ascending(later)
    const created = `${seconds(slot)}..${seconds(slot + DAY)}`
    const around = await listRuns(forge, { workflow, created, perPage: 100 })
    if ('unknown' in around) problems.push(around.unknown)
    const older = 'unknown' in around ? [] : around.value.items.filter(isOurs)
    return ascending([...new Map([...older, ...later].map((run) => [run.id, run])).values()])
  }

  return {
    value: {
      recent,
      problems,
      since(slot) {
        const runs = known.get(slot) ?? listSince(slot)
        known.set(slot, runs)
        return runs
      },
    },
  }
}

/** Tells whether a run can be a backup: not one that a stranger's pull request started. */
function isOurs(run: WorkflowRun): boolean {
  return refusedEvent(run.event) === null
}

function ascending(runs: readonly WorkflowRun[]): readonly WorkflowRun[] {
  return runs.toSorted((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt))
}

function seconds(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`
}
