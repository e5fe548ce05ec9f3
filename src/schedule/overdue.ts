/** Judges whether an instance was backed up, or drilled, in time, from what is known of its runs. Pure. Times are ms since 1970 in UTC. */
import type { Schedule } from '../config/model.ts'
import { minute, withoutEnd } from '../format.ts'
import type { InstanceStatus } from '../outcome.ts'
import { nextSlot, previousSlot } from './slots.ts'

/** The slot that an instance must have been backed up for, and its next one. */
export interface Expectation {
  /** The latest slot that is over for at least the time of grace. */
  readonly slot: number
  readonly next: number
}

/** Returns what is expected of a schedule; `null` if it has had no slot until now. */
export function expectationOf(schedule: Schedule, now: number, graceMs: number): Expectation | null {
  const slot = previousSlot(schedule, new Date(now - graceMs)).getTime()
  return Number.isNaN(slot) ? null : { slot, next: nextSlot(schedule, new Date(now)).getTime() }
}

/** Ending of a run of the instance, as a report tells it. */
export interface Sighting {
  readonly status: InstanceStatus
  readonly at: number
  readonly error: string | null
  /** Address of the run's page. */
  readonly url: string | null
}

/** Evidence by a job for the instance's runner, where no report tells. */
export interface JobSign {
  readonly kind: 'running' | 'succeeded' | 'failed' | 'waiting'
  readonly name: string
  readonly at: number
  readonly labels: readonly string[]
  readonly url: string | null
}

export interface FreshnessFacts extends Expectation {
  /** The latest success that is known, perhaps from before the slot. */
  readonly success: Pick<Sighting, 'at' | 'url'> | null
  /** The latest run since the slot that did not succeed, as a report tells. */
  readonly failure: Sighting | null
  readonly job: JobSign | null
  /** Reason why something that may tell of a success could not be read; `null` if all could. */
  readonly problem: string | null
}

/**
 * `assumed`: its job succeeded a short while ago, and left no report that says what it took. `running`: a job that may be backing it up has
 * begun and not ended.
 */
export type Freshness =
  | { readonly kind: 'fresh' | 'assumed' | 'running'; readonly at: number; readonly url: string | null }
  | {
      readonly kind: 'overdue' | 'unknown'
      /** Says what is wrong, behind the words "no backup since its slot of …: ". Does not change as long as nothing new happens. */
      readonly cause: string
      readonly url: string | null
    }

/** The work that is judged: a backup, or the drill of one. */
export type JudgedWork = 'backup' | 'drill'

/** `now` and the time of grace are in ms; `workflow` is the file name of the workflow that does the work. */
export interface Judgement {
  readonly work: JudgedWork
  readonly now: number
  readonly graceMs: number
  readonly workflow: string
}

/** A job that has run longer than this is no sign any more that a backup will come, ms. */
const LONGEST_JOB_MS = 24 * 3_600_000

/**
 * Judges one instance. A job that succeeded may have left it out as not due: that is assumed to be well for the time of grace only, in which
 * its report may still come.
 */
export function judgeFreshness(facts: FreshnessFacts, { work, now, graceMs, workflow }: Judgement): Freshness {
  const { slot, success, failure, job, problem } = facts
  if (success !== null && success.at >= slot) return { kind: 'fresh', at: success.at, url: success.url }
  if (failure !== null) return { kind: 'overdue', cause: sayFailure(failure, work), url: failure.url }
  if (job?.kind === 'running' && now - job.at < LONGEST_JOB_MS) return { kind: 'running', at: job.at, url: job.url }
  if (problem !== null) return { kind: 'unknown', cause: problem, url: null }
  if (job?.kind === 'succeeded')
    return now - job.at <= graceMs
      ? { kind: 'assumed', at: job.at, url: job.url }
      : { kind: 'unknown', cause: sayUntold(job, work), url: job.url }
  if (job === null) return { kind: 'overdue', cause: `no run of ${workflow} has taken it since`, url: null }
  return { kind: 'overdue', cause: sayJob(job, work), url: job.url }
}

function sayFailure({ status, at, error }: Sighting, work: JudgedWork): string {
  const words: Readonly<Record<InstanceStatus, string>> = {
    success: 'succeeded',
    partial: 'lacks some of its targets',
    failed: 'failed',
    cancelled: 'was cancelled',
    skipped: 'was not begun',
  }
  return `its ${work === 'backup' ? 'run' : 'drill'} of ${said(at)} ${words[status]}${error === null ? '' : `: ${withoutEnd(error)}`}`
}

function sayUntold({ name, at }: JobSign, work: JudgedWork): string {
  return `the job "${name}" of ${said(at)} succeeded, but no report says whether it took this ${work} (reports are artifacts, which expire after artifact-retention-days)`
}

function sayJob({ kind, name, at, labels }: JobSign, work: JudgedWork): string {
  const runner = labels.join(', ')
  if (kind === 'waiting') return `the job "${name}" has waited since ${said(at)} for a runner with the labels ${runner}`
  if (kind === 'running') return `the job "${name}" has run since ${said(at)}, longer than a ${work} may take`
  return `the job "${name}" of ${said(at)} did not succeed, and left no report`
}

/** Writes a time to the minute: `2026-11-28 02:00 UTC`. */
function said(at: number): string {
  return minute(new Date(at).toISOString())
}
