/** Decides which of the candidates a run takes, and says why for each. Pure. */
import type { Schedule } from '../config/model.ts'
import { minute } from '../format.ts'
import type { PastRun } from '../outcome.ts'
import { type Attempt, type DueDecision, decideDue, earlierAttempt, type LastStart } from './due.ts'
import { nextSlot } from './slots.ts'

/** An instance that may be taken. */
export interface Candidate {
  readonly id: string
  readonly schedule: Schedule | null
  /** True if its schedule depends on variables that are not known here: it is then taken, and its host decides. */
  readonly isOpen: boolean
  readonly catchUp: boolean | number
  /** True if the input `instances` names it. */
  readonly isNamed: boolean
}

/** Facts that are known of a candidate's past. */
export interface Past {
  readonly last: LastStart
  /** The runs that its host remembers, in any order. */
  readonly runs: readonly PastRun[]
}

export interface PlanRequest {
  readonly candidates: readonly Candidate[]
  /**
   * `due`: those that are due, those whose schedule is open, and those that are named and have none. `all`: all. A repeated run of either mode
   * takes those that did not succeed before, and not those that did. `every`: all that no other run has taken on the same tick.
   */
  readonly mode: 'due' | 'all' | 'every'
  readonly past: (id: string) => Past
  readonly previousTick: number | null
  /** Time for which the tick of this run was planned, at the latest, ms since 1970 in UTC; `null` if a schedule did not start it. */
  readonly tick: number | null
  readonly attempt: Attempt
  /** ms since 1970 in UTC. */
  readonly now: number
}

export interface PlanItem extends Omit<DueDecision, 'isDue'> {
  readonly id: string
  readonly isTaken: boolean
}

/** Returns one item for each candidate, in their order. If a repeated run would take none, it takes all that succeeded in an earlier attempt. */
export function planRun(request: PlanRequest): readonly PlanItem[] {
  const items = request.candidates.map((one) => planOne(request, one))
  if (items.some((one) => one.isTaken) || request.attempt.attempt === 1) return items
  // all of the earlier attempt succeeded, and yet somebody wants it again
  return items.map((one) =>
    one.earlier === 'done'
      ? {
          ...one,
          isTaken: true,
          why: 'everything of this run succeeded in an earlier attempt, so all of it is repeated',
        }
      : one,
  )
}

function planOne(request: PlanRequest, candidate: Candidate): PlanItem & { readonly earlier: 'again' | 'done' | null } {
  const { mode, past, previousTick, now } = request
  const { last, runs } = past(candidate.id)
  const earlier = mode === 'every' ? null : earlierAttempt(runs, request.attempt)
  const decision =
    mode === 'due' ? decideDue({ ...candidate, last, previousTick, now }) : unasked(candidate.schedule, now)
  const isOpen = mode === 'due' && candidate.isOpen
  // whoever names a backup without a schedule in a workflow that has one means the schedule of the workflow
  const isOfWorkflow = mode === 'due' && candidate.schedule === null && !candidate.isOpen && candidate.isNamed
  const item = {
    id: candidate.id,
    earlier,
    slot: decision.slot,
    next: decision.next,
    isTaken: isOpen || isOfWorkflow || decision.isDue,
    why: isOpen ? OPEN : isOfWorkflow ? OF_WORKFLOW : decision.why,
  }
  if (mode === 'every' || isOfWorkflow) return { ...item, ...takeOnce(request, past(candidate.id)), earlier }
  // a repetition serves no slot of its own: that the record has a later start must not stop it
  if (earlier === 'again')
    return { ...item, slot: null, isTaken: true, why: 'it did not succeed in an earlier attempt of this run' }
  if (earlier === 'done')
    return { ...item, slot: null, isTaken: false, why: 'it succeeded in an earlier attempt of this run' }
  return item
}

/**
 * Returns what changes in the item of an instance that every tick takes. The instance is left out if another run has already served this
 * tick.
 */
function takeOnce(
  { tick, attempt }: PlanRequest,
  { last, runs }: Past,
): { readonly slot: Date | null; readonly isTaken?: false; readonly why?: string } {
  const isOwn = runs.some(({ runId }) => runId === attempt.runId && runId !== '')
  if (tick === null || attempt.attempt > 1 || isOwn) return { slot: null }
  const slot = new Date(tick)
  if (last.source !== 'record' || last.at < tick) return { slot }
  const at = (time: number) => minute(new Date(time).toISOString())
  return {
    slot,
    isTaken: false,
    why: `the tick of ${at(tick)} was served by the start of ${at(last.at)} (record of this host)`,
  }
}

const OPEN = 'its schedule depends on variables, so its host decides'
const OF_WORKFLOW =
  'it has no schedule of its own, and the input `instances` names it, so that each start of the workflow takes it'

function unasked(schedule: Schedule | null, now: number): DueDecision {
  const next = schedule === null ? null : nextSlot(schedule, new Date(now))
  return { isDue: true, slot: null, next, why: 'all were asked for, whatever their schedules' }
}
