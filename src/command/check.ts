/**
 * `check`: says which instances were not backed up or drilled in time, whose newest backup is too old, which jobs wait for a runner that
 * does not come, and whether GitHub has disabled the schedule; and keeps an issue for each alarm, if that is wanted. Needs no Docker: it
 * asks the API for the runs of the workflows and for their reports.
 */
import { posix } from 'node:path'
import { type Forge, openForge } from '../action/forge/askForge.ts'
import { getRepositoryActivity, getWorkflow } from '../action/forge/workflowRuns.ts'
import { setOutputs } from '../action/outputs.ts'
import { readPages } from '../action/pages.ts'
import { openSummary } from '../action/stepSummary.ts'
import type { Config } from '../config/load.ts'
import { readOpenSchedule } from '../config/openSchedule.ts'
import { parseDuration } from '../config/values/duration.ts'
import { InputError } from '../errors.ts'
import { type CheckPage, type CheckRow, checkVerdict, renderCheck } from '../report/checkPage.ts'
import { judgeIdle } from '../schedule/idleSchedule.ts'
import { readWorkflows, type WorkflowFile } from '../workflows/readWorkflows.ts'
import { judgeDrills } from './checking/judgeDrills.ts'
import { judgeWork, type Messages, type Subject, subjectOf } from './checking/judgeWork.ts'
import { keepIssues } from './checking/keepIssues.ts'
import { BACKUP_REPORTS } from './checking/reportReader.ts'
import type { CommandContext } from './commandContext.ts'
import { readConfig } from './loadConfiguration.ts'
import { selectInstances } from './selectInstances.ts'
import { readWorkflowTexts } from './workflowFiles.ts'

/** The token of a workflow may ask 1000 questions an hour; the backups themselves and a second check need some of them. */
const MOST_QUESTIONS = 750
/** The same for the issues: two lists, and two questions for each that is opened, changed or closed. */
const MOST_FOR_ISSUES = 150

/**
 * Checks, tells, and returns the exit code: 1 if a backup or drill is overdue, a backup is too old, that is not known, or there is another
 * alarm. Throws `InputError` and `ConfigError` for a wrong request or configuration.
 */
export async function check(action: CommandContext): Promise<number> {
  const { inputs, event, console } = action
  const graceMs = parseDuration(inputs.grace)
  if (graceMs === null) throw new InputError(`Input grace is "${inputs.grace}": write a duration such as 90m, 2h or 1d`)
  const config = await readConfig(action)
  const now = Date.now()
  const { workflows } = readWorkflows(await readWorkflowTexts(event.workspace, action.env))
  const request = { config, now, graceMs, workflow: findWorkflow(action, workflows) }
  const forge = openForge({
    token: inputs.githubToken,
    baseUrl: event.apiUrl,
    repository: event.repository,
    mostQuestions: MOST_QUESTIONS,
  })
  const subjects = readSubjects(action, request)
  const dangers = await readDangers(action, forge, request)
  const backups = await judgeWork(action, forge, {
    ...request,
    ...{ work: 'backup', kind: BACKUP_REPORTS, workflows: [request.workflow], subjects },
  })
  const instances = subjects.map(({ raw }) => raw)
  const drills = await judgeDrills(action, forge, { ...request, workflows, instances, backups })
  const rows = [...backups.rows, ...drills.rows]
  const alarms = [...new Set([...dangers.alarms, ...backups.alarms, ...drills.alarms])]
  const issues = inputs.issue ? await keepIssuesFor(action, { ...request, drills: drills.workflows }, rows) : []
  const warnings = [...new Set([...dangers.warnings, ...backups.warnings, ...drills.warnings, ...issues])]
  await console.info(`${forge.sent()} questions were put to the API`)
  const drillWorkflows = drills.workflows.map((name) => ({ name, page: workflowPage(action.env, inputs.config, name) }))
  return tell(action, config, { rows, alarms, warnings, workflow: request.workflow, drillWorkflows })
}

/** Keeps the issues; returns what could not be done. */
async function keepIssuesFor(
  { inputs, event, env }: CommandContext,
  { config, workflow, drills }: CheckRequest & { readonly drills: readonly string[] },
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
    scheduled: isAll ? rows.filter(({ state }) => state !== 'byHand') : null,
    workflowOf(what) {
      const name = what === 'drill' ? (drills[0] ?? '') : workflow
      return { name, page: name === '' ? null : workflowPage(env, inputs.config, name) }
    },
  })
}

/** Returns the address of a workflow's page, by the name of its file; `null` if the forge has none. */
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
 * Returns the file name of the backup workflow: that of the input or, without it, of the one workflow of the repository that runs `backup`
 * by schedule or, if none has a schedule, of the one that runs it at all. Throws an `InputError` if there is none, or more than one.
 */
function findWorkflow({ inputs }: CommandContext, workflows: readonly WorkflowFile[]): string {
  if (inputs.workflow !== null) return inputs.workflow.replace(/^(\.\/)?\.(github|gitea|forgejo)\/workflows\//, '')
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

function readSubjects(action: CommandContext, { config, now, graceMs }: CheckRequest): readonly Subject[] {
  const { instances: ids, host } = action.inputs
  const instances = selectInstances({ all: config.instances, ids, host, isForOneHost: false })
  const lookup = (name: string) => action.env[name]
  return instances.map((raw) => subjectOf(raw, readOpenSchedule(config, raw, lookup), { now, graceMs }))
}

/** Finds out whether the workflow's schedule is, or soon will be, disabled. If the workflow cannot be asked for, that is an alarm. */
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

function isBad({ state }: CheckRow): boolean {
  return state === 'overdue' || state === 'unknown'
}

type Told = Pick<CheckPage, 'rows' | 'alarms' | 'warnings' | 'workflow' | 'drillWorkflows'>

/** Prints annotations and lines, writes the page and the outputs, and returns the exit code. */
async function tell({ env, inputs, console }: CommandContext, config: Config, told: Told): Promise<number> {
  const { rows, alarms, warnings, workflow } = told
  for (const alarm of alarms) await console.error(alarm)
  for (const row of rows.filter((one) => isBad(one) && !alarms.includes(one.cause))) {
    const title = `${row.what === 'drill' ? 'Drill' : 'Backup'} ${row.id}: ${row.state === 'overdue' ? (row.what === 'age' ? 'too old' : 'overdue') : 'not known'}`
    await console.error(sayRow(row), { file: config.file, line: row.line, title })
  }
  for (const warning of warnings) await console.warning(warning)
  const hasFailed = alarms.length > 0 || rows.some(isBad)
  const bad = new Set(rows.filter(isBad).map(({ id }) => id))
  const ids = (which: (row: CheckRow) => boolean) =>
    JSON.stringify([...new Set(rows.filter(which).map(({ id }) => id))])
  await setOutputs({
    result: hasFailed ? 'failed' : 'success',
    succeeded: ids(
      ({ what, id, state }) => what === 'backup' && !bad.has(id) && (state === 'fresh' || state === 'assumed'),
    ),
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

function sayRow({ what, id, state, when, cause }: CheckRow): string {
  if (what === 'age') return `${id}: its newest backup is ${when === '' ? 'not known' : `of ${when}`}: ${cause}`
  if (state === 'overdue') return `${id}: no ${what} since its slot of ${when}: ${cause}`
  const done = what === 'backup' ? 'backed up' : 'drilled'
  const slot = when === '' ? '' : `whether it was ${done} since its slot of ${when} is not known: `
  return `${id}: ${slot}${cause}`
}
