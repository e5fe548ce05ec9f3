/** Judges by the runs of workflows, and by the reports that they left, whether work was done in time: backups, or drills. */
import type { Answer, Forge } from '../../action/forge/askForge.ts'
import { isForStrangers } from '../../action/platform.ts'
import type { Config, RawInstance } from '../../config/load.ts'
import type { Schedule } from '../../config/model.ts'
import { minute } from '../../format.ts'
import type { CheckRow } from '../../report/checkPage.ts'
import {
  type Expectation,
  expectationOf,
  type Freshness,
  type JudgedWork,
  judgeFreshness,
} from '../../schedule/overdue.ts'
import { waitingJobs } from '../../schedule/waitingJobs.ts'
import type { CommandContext } from '../commandContext.ts'
import type { Finding } from './findings.ts'
import type { ReportKind } from './reportReader.ts'
import { collectEvidence, type RunEvidence } from './runEvidence.ts'

/** An instance with what is expected of it: `null` if it is run by hand only, or has had no slot yet; a text if that is not known. */
export interface Subject {
  readonly raw: RawInstance
  readonly expected: Expectation | string | null
}

/** Makes the subject of an instance with a schedule, as it was read. */
export function subjectOf(
  raw: RawInstance,
  schedule: Schedule | null | { readonly why: string },
  { now, graceMs }: { readonly now: number; readonly graceMs: number },
): Subject {
  if (schedule === null) return { raw, expected: null }
  return { raw, expected: 'why' in schedule ? schedule.why : expectationOf(schedule, now, graceMs) }
}

export interface Messages {
  readonly alarms: readonly string[]
  readonly warnings: readonly string[]
}

export interface WorkRequest {
  readonly work: JudgedWork
  readonly kind: ReportKind
  /** File names of the workflows that do the work. */
  readonly workflows: readonly string[]
  readonly subjects: readonly Subject[]
  readonly config: Pick<Config, 'file'>
  readonly now: number
  readonly graceMs: number
}

export interface JudgedRows extends Messages {
  readonly rows: readonly CheckRow[]
  /** Time of the latest success that is known of an instance; `null` if none is. */
  readonly newest: (id: string) => number | null
}

type Seen = Pick<Finding, 'success' | 'failure' | 'job'>

/** Judges each subject, and says which jobs wait for a runner that does not come. */
export async function judgeWork(action: CommandContext, forge: Forge, request: WorkRequest): Promise<JudgedRows> {
  const { work, workflows, subjects, now, graceMs } = request
  const answers: Answer<RunEvidence>[] = []
  for (const workflow of workflows) answers.push(await ask(action, forge, { ...request, workflow }))
  const known = answers.flatMap((one) => ('value' in one ? [one.value] : []))
  const unknown = answers.flatMap((one) => ('unknown' in one ? [one.unknown] : []))
  const problem = unknown[0] ?? known.find(({ problems }) => problems.length > 0)?.problems[0] ?? null
  const hidesErrors = isForStrangers(action.event)
  const of = (id: string) => merged(known.map((one) => one.of(id)))
  const judge = ({ raw, expected }: Subject): Freshness | null => {
    if (expected === null) return null
    if (typeof expected === 'string') return { kind: 'unknown', cause: expected, url: null }
    const seen = of(raw.id)
    const failure = seen.failure !== null && hidesErrors ? { ...seen.failure, error: null } : seen.failure
    const facts = { ...seen, ...expected, failure, problem }
    return judgeFreshness(facts, { work, now, graceMs, workflow: workflows.join(', ') })
  }
  const jobs = known.map((evidence) => sayJobs(evidence, now))
  return {
    rows: subjects.map((subject) => rowOf(work, subject, judge(subject))),
    newest: (id) => of(id).success?.at ?? null,
    alarms: [...unknown, ...jobs.flatMap(({ alarms }) => alarms)],
    warnings: jobs.flatMap(({ warnings }) => warnings),
  }
}

function ask(
  { inputs, event, signal }: CommandContext,
  forge: Forge,
  { kind, workflow, subjects, config, now }: WorkRequest & { readonly workflow: string },
): Promise<Answer<RunEvidence>> {
  const wanted = subjects.flatMap(({ raw, expected }) =>
    expected === null || typeof expected === 'string' ? [] : [{ id: raw.id, slot: expected.slot, runsOn: raw.runsOn }],
  )
  return collectEvidence({
    ...{ forge, workflow, kind, wanted, now, signal },
    configFile: config.file,
    repository: event.repository,
    allowPartial: inputs.allowPartial,
  })
}

/** Takes of each kind of evidence the latest. */
function merged(all: readonly Seen[]): Seen {
  const latest = <T extends { readonly at: number }>(found: readonly (T | null)[]) =>
    found.reduce<T | null>((best, one) => (one !== null && (best === null || one.at > best.at) ? one : best), null)
  return {
    success: latest(all.map(({ success }) => success)),
    failure: latest(all.map(({ failure }) => failure)),
    job: latest(all.map(({ job }) => job)),
  }
}

/** Says which jobs wait for a runner that does not come, and what could not be read. */
function sayJobs({ openJobs, problems }: RunEvidence, now: number): Messages {
  const waiting = waitingJobs(openJobs, now)
  const say = (job: (typeof waiting)[number]) =>
    `The job "${job.name}" has waited since ${said(job.createdAt)} for a runner with the labels ${job.labels.join(', ')}`
  return {
    alarms: waiting
      .filter((job) => !job.mayBeBusy)
      .map((job) => `${say(job)}: that runner is offline. Start it, or correct the labels`),
    warnings: [
      ...waiting.filter((job) => job.mayBeBusy).map((job) => `${say(job)}, which runs another job`),
      ...problems,
    ],
  }
}

function rowOf(what: JudgedWork, { raw, expected }: Subject, freshness: Freshness | null): CheckRow {
  const { id, line } = raw
  if (freshness === null) return { what, id, line, state: 'byHand', when: '', cause: '', url: null, next: '' }
  const { kind: state, url } = freshness
  const next = expected === null || typeof expected === 'string' ? '' : said(expected.next)
  const slot = expected === null || typeof expected === 'string' ? '' : said(expected.slot)
  if ('cause' in freshness) return { what, id, line, state, when: slot, cause: freshness.cause, url, next }
  return { what, id, line, state, when: said(freshness.at), cause: '', url, next }
}

/** Writes a time to the minute: `2026-11-28 02:00 UTC`. */
export function said(at: number): string {
  return minute(new Date(at).toISOString())
}
