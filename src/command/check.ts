/**
 * `check`: says which instances were not backed up in time, which jobs wait for a runner that does not come, and whether GitHub has disabled
 * the schedule. Needs no Docker: it asks the API for the runs of the backup workflow and for their reports.
 */
import { posix } from 'node:path'
import { type Forge, openForge } from '../action/forge/askForge.ts'
import { getRepositoryActivity, getWorkflow } from '../action/forge/workflowRuns.ts'
import { setOutputs } from '../action/outputs.ts'
import { readPages } from '../action/pages.ts'
import { isForStrangers } from '../action/platform.ts'
import { openSummary } from '../action/stepSummary.ts'
import type { Config, RawInstance } from '../config/load.ts'
import { readOpenSchedule } from '../config/openSchedule.ts'
import { parseDuration } from '../config/values/duration.ts'
import { InputError } from '../errors.ts'
import { minute } from '../format.ts'
import { type CheckPage, type CheckRow, checkVerdict, renderCheck } from '../report/checkPage.ts'
import { judgeIdle } from '../schedule/idleSchedule.ts'
import { type Expectation, expectationOf, type Freshness, judgeFreshness } from '../schedule/overdue.ts'
import { waitingJobs } from '../schedule/waitingJobs.ts'
import { readWorkflows } from '../workflows/readWorkflows.ts'
import { keepIssues } from './checking/keepIssues.ts'
import { collectEvidence, type RunEvidence } from './checking/runEvidence.ts'
import type { CommandContext } from './commandContext.ts'
import { readConfig } from './loadConfiguration.ts'
import { selectInstances } from './selectInstances.ts'
import { readWorkflowTexts } from './workflowFiles.ts'

/** The token of a workflow may ask 1000 questions an hour; the backups themselves and a second check need some of them. */
const MOST_QUESTIONS = 750
/** The same for the issues: two lists, and two questions for each that is opened, changed or closed. */
const MOST_FOR_ISSUES = 150

/** Checks, tells, and returns the exit code: 1 if a backup is overdue, or if that is not known. */
export async function check(action: CommandContext): Promise<number> {
  const { inputs, event, console } = action
  const graceMs = parseDuration(inputs.grace)
  if (graceMs === null) throw new InputError(`Input grace is "${inputs.grace}": write a duration such as 90m, 2h or 1d`)
  const config = await readConfig(action)
  const now = Date.now()
  const request = { config, now, graceMs, workflow: await findWorkflow(action) }
  const forge = openForge({
    token: inputs.githubToken,
    baseUrl: event.apiUrl,
    repository: event.repository,
    mostQuestions: MOST_QUESTIONS,
  })
  const subjects = readSubjects(action, request)
  const dangers = await readDangers(action, forge, request)
  const judged = await judgeAll(action, forge, { ...request, subjects })
  const rows = subjects.map((subject) => rowOf(subject, judged.of(subject)))
  const alarms = [...dangers.alarms, ...judged.alarms]
  const issues = inputs.issue ? await keepIssuesFor(action, request, rows) : []
  const warnings = [...dangers.warnings, ...judged.warnings, ...issues]
  await console.info(`${forge.sent()} questions were put to the API`)
  return tell(action, config, { rows, alarms, warnings, workflow: request.workflow })
}

/** Keeps the issues; returns what could not be done. */
async function keepIssuesFor(
  { inputs, event, env }: CommandContext,
  { config, workflow }: CheckRequest,
  rows: readonly CheckRow[],
): Promise<readonly string[]> {
  const isAll = inputs.instances.length === 0 && inputs.host === null
  const subjects = rows
    .filter(({ state }) => state === 'overdue' || state === 'fresh') // what is only assumed closes no issue
    .map((row) => ({ ...row, isOverdue: row.state === 'overdue' }))
  const { githubToken: token } = inputs
  const forge = openForge({
    token,
    baseUrl: event.apiUrl,
    repository: event.repository,
    mostQuestions: MOST_FOR_ISSUES,
  })
  return keepIssues(forge, {
    subjects,
    configFile: posix.normalize(config.file),
    scheduled: isAll ? rows.filter(({ state }) => state !== 'byHand').map(({ id }) => id) : null,
    workflow,
    workflowPage: workflowPage(env, inputs.config, workflow),
  })
}

/** Address of the backup workflow's page; `null` if the forge has none. */
function workflowPage(env: NodeJS.ProcessEnv, configFile: string, workflow: string): string | null {
  const own = readPages(env, configFile).workflow
  return own === null ? null : own.replace(/[^/]+$/, encodeURIComponent(workflow))
}

interface CheckRequest {
  readonly config: Config
  readonly now: number
  readonly graceMs: number
  readonly workflow: string
}

/**
 * Returns the file name of the backup workflow: that of the input or, without it, of the one workflow of the repository that runs
 * `backup` by schedule. Throws an `InputError` if there is none, or more than one.
 */
async function findWorkflow({ inputs, event, env }: CommandContext): Promise<string> {
  if (inputs.workflow !== null) return inputs.workflow.replace(/^(\.\/)?\.(github|gitea|forgejo)\/workflows\//, '')
  const { workflows } = readWorkflows(await readWorkflowTexts(event.workspace, env))
  const isOfOther = ({ config }: { readonly config: string | null }) =>
    config !== null && posix.normalize(config) !== posix.normalize(inputs.config)
  const fitting = workflows.filter(({ uses }) => uses.some((use) => use.command === 'backup' && !isOfOther(use)))
  const scheduled = fitting.filter(({ crons }) => crons.length > 0)
  const names = (scheduled.length > 0 ? scheduled : fitting).map(({ path }) => posix.basename(path))
  if (names.length === 1) return names[0] as string
  throw new InputError(
    names.length === 0
      ? 'No workflow in .github/workflows is known to run the backups: name its file by the input workflow, such as backup.yml'
      : `Several workflows run backups (${names.join(', ')}): name one by the input workflow, and check each in a step of its own`,
  )
}

/** An instance with what is expected of it: `null` if it is run by hand only, or has had no slot yet; a text if that is not known. */
interface Subject {
  readonly raw: RawInstance
  readonly expected: Expectation | string | null
}

function readSubjects(action: CommandContext, { config, now, graceMs }: CheckRequest): readonly Subject[] {
  const { instances: ids, host } = action.inputs
  const instances = selectInstances({ all: config.instances, ids, host, isForOneHost: false })
  const lookup = (name: string) => action.env[name]
  return instances.map((raw) => {
    const schedule = readOpenSchedule(config, raw, lookup)
    if (schedule === null) return { raw, expected: null }
    return { raw, expected: 'why' in schedule ? schedule.why : expectationOf(schedule, now, graceMs) }
  })
}

interface Messages {
  readonly alarms: readonly string[]
  readonly warnings: readonly string[]
}

/** Finds out whether the workflow's schedule is, or soon will be, disabled. */
async function readDangers(action: CommandContext, forge: Forge, { workflow, now }: CheckRequest): Promise<Messages> {
  const { repository } = action.event
  const state = await getWorkflow(forge, workflow)
  if ('unknown' in state) {
    const hint = state.status === 404 ? ` Is there a file .github/workflows/${workflow} on the default branch?` : ''
    return { alarms: [`${state.unknown}.${hint}`], warnings: [] }
  }
  const activity = await getRepositoryActivity(forge)
  const known = 'unknown' in activity ? { isPublic: false, defaultBranch: '', lastCommitAt: null } : activity.value
  const lastCommitAt = known.lastCommitAt === null ? null : Date.parse(known.lastCommitAt)
  const idle = judgeIdle({ ...known, workflow, state: state.value.state, lastCommitAt }, now, repository)
  return {
    alarms: idle.kind === 'disabled' ? [idle.message] : [],
    warnings: [...(idle.kind === 'soon' ? [idle.message] : []), ...('unknown' in activity ? [activity.unknown] : [])],
  }
}

interface Judged extends Messages {
  readonly of: (subject: Subject) => Freshness | null
}

async function judgeAll(
  action: CommandContext,
  forge: Forge,
  { config, now, graceMs, workflow, subjects }: CheckRequest & { readonly subjects: readonly Subject[] },
): Promise<Judged> {
  const { inputs, event, signal } = action
  const wanted = subjects.flatMap(({ raw, expected }) =>
    expected === null || typeof expected === 'string' ? [] : [{ id: raw.id, slot: expected.slot, runsOn: raw.runsOn }],
  )
  const evidence = await collectEvidence({
    ...{ forge, workflow, wanted, now, signal },
    configFile: config.file,
    repository: event.repository,
    allowPartial: inputs.allowPartial,
  })
  const problem = 'unknown' in evidence ? evidence.unknown : (evidence.value.problems[0] ?? null)
  const hidesErrors = isForStrangers(event)
  const of = ({ raw, expected }: Subject): Freshness | null => {
    if (expected === null) return null
    if (typeof expected === 'string') return { kind: 'unknown', cause: expected, url: null }
    const seen = 'unknown' in evidence ? NOTHING : evidence.value.of(raw.id)
    const failure = seen.failure !== null && hidesErrors ? { ...seen.failure, error: null } : seen.failure
    return judgeFreshness({ ...seen, ...expected, failure, problem }, { now, graceMs, workflow })
  }
  if ('unknown' in evidence) return { of, alarms: [evidence.unknown], warnings: [] }
  return { of, ...sayJobs(evidence.value, now) }
}

const NOTHING = { success: null, failure: null, job: null }

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

function rowOf({ raw, expected }: Subject, freshness: Freshness | null): CheckRow {
  const { id, line } = raw
  if (freshness === null) return { id, line, state: 'byHand', when: '', cause: '', url: null, next: '' }
  const { kind: state, url } = freshness
  const next = expected === null || typeof expected === 'string' ? '' : said(expected.next)
  const slot = expected === null || typeof expected === 'string' ? '' : said(expected.slot)
  if ('cause' in freshness) return { id, line, state, when: slot, cause: freshness.cause, url, next }
  return { id, line, state, when: said(freshness.at), cause: '', url, next }
}

function isBad({ state }: CheckRow): boolean {
  return state === 'overdue' || state === 'unknown'
}

type Told = Pick<CheckPage, 'rows' | 'alarms' | 'warnings' | 'workflow'>

/** Prints annotations and lines, writes the page and the outputs, and returns the exit code. */
async function tell({ env, inputs, console }: CommandContext, config: Config, told: Told): Promise<number> {
  const { rows, alarms, warnings, workflow } = told
  for (const alarm of alarms) await console.error(alarm)
  for (const row of rows.filter((one) => isBad(one) && !alarms.includes(one.cause))) {
    const title = `Backup ${row.id}: ${row.state === 'overdue' ? 'overdue' : 'not known'}`
    await console.error(sayRow(row), { file: config.file, line: row.line, title })
  }
  for (const warning of warnings) await console.warning(warning)
  const hasFailed = alarms.length > 0 || rows.some(isBad)
  const ids = (which: (row: CheckRow) => boolean) => JSON.stringify(rows.filter(which).map(({ id }) => id))
  await setOutputs({
    result: hasFailed ? 'failed' : 'success',
    succeeded: ids((row) => row.state === 'fresh' || row.state === 'assumed'),
    failed: ids(isBad),
    ...{ partial: '[]', skipped: '[]', due: '[]', matrix: '[]' },
  })
  const summary = await openSummary(env)
  const markdown = renderCheck({
    ...told,
    workflowPage: workflowPage(env, inputs.config, workflow),
    config: readPages(env, inputs.config).config,
    limitBytes: summary.roomBytes,
  })
  const unwritten = await summary.write(console.redact(markdown))
  if (unwritten !== null) await console.warning(unwritten)
  await console.info(checkVerdict(told))
  return hasFailed ? 1 : 0
}

function sayRow({ id, state, when, cause }: CheckRow): string {
  if (state === 'overdue') return `${id}: no backup since its slot of ${when}: ${cause}`
  const slot = when === '' ? '' : `whether it was backed up since its slot of ${when} is not known: `
  return `${id}: ${slot}${cause}`
}

function said(at: number): string {
  return minute(new Date(at).toISOString())
}
