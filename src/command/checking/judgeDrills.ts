/** Judges whether drills are made in time, and whether the newest backup is as young as `drill.maxAge` says. */
import { posix } from 'node:path'
import type { Forge } from '../../action/forge/askForge.ts'
import type { Config, RawInstance } from '../../config/load.ts'
import { readDrillAge, readDrillSchedule } from '../../config/openSchedule.ts'
import { limit } from '../../format.ts'
import type { CheckRow } from '../../report/checkPage.ts'
import type { WorkflowFile } from '../../workflows/readWorkflows.ts'
import type { CommandContext } from '../commandContext.ts'
import { DRILL_REPORTS } from './drillReports.ts'
import { type JudgedRows, judgeWork, type Messages, said, subjectOf } from './judgeWork.ts'
import { BACKUP_REPORTS } from './reportReader.ts'

export interface DrillRequest {
  readonly config: Config
  readonly instances: readonly RawInstance[]
  readonly now: number
  readonly graceMs: number
  /** The workflow that runs the backups, and all workflows of the repository. */
  readonly workflow: string
  readonly workflows: readonly WorkflowFile[]
  readonly backups: JudgedRows
}

export interface JudgedDrills extends Messages {
  readonly rows: readonly CheckRow[]
  /** File names of the workflows that run drills. */
  readonly workflows: readonly string[]
}

/** Judges the drills of the instances that have a schedule of drills, and the age of the newest backup of those that have a `drill.maxAge`. */
export async function judgeDrills(action: CommandContext, forge: Forge, request: DrillRequest): Promise<JudgedDrills> {
  const { config, instances, now, graceMs } = request
  const lookup = (name: string) => action.env[name]
  const scheduled = instances.flatMap((raw) => {
    const schedule = readDrillSchedule(config, raw, lookup)
    return schedule === null ? [] : [subjectOf(raw, schedule, { now, graceMs })]
  })
  const workflows = scheduled.length === 0 ? [] : drillWorkflows(request.workflows, config.file)
  const drills = await judgeWork(action, forge, {
    ...{ work: 'drill', kind: DRILL_REPORTS, workflows, subjects: scheduled, config, now, graceMs },
  })
  const rows = workflows.length > 0 ? drills.rows : drills.rows.map(withoutWorkflow)
  const ages = await judgeAges(action, forge, request)
  return {
    workflows,
    rows: [...rows, ...ages.rows],
    alarms: [...drills.alarms, ...ages.alarms],
    warnings: [...drills.warnings, ...ages.warnings],
  }
}

function withoutWorkflow(row: CheckRow): CheckRow {
  return row.state === 'overdue' ? { ...row, cause: 'no workflow in .github/workflows runs the command drill' } : row
}

/** Returns the names of the workflows that run drills: those that say so or, if none does, those where an expression decides. */
function drillWorkflows(workflows: readonly WorkflowFile[], configFile: string): readonly string[] {
  const names = (command: string | null) =>
    workflows
      .filter(({ uses }) => uses.some((use) => use.command === command && isAbout(use.config, configFile)))
      .map(({ path }) => posix.basename(path))
  const certain = names('drill')
  return certain.length > 0 ? certain : names(null)
}

function isAbout(config: string | null, configFile: string): boolean {
  return config === null || posix.normalize(config) === posix.normalize(configFile)
}

interface Limited {
  readonly raw: RawInstance
  readonly mostMs: number | string
}

/**
 * Judges the age of the newest backup of each instance that has a `drill.maxAge`, unless its backup alarms already: then its row is neither
 * an alarm nor the end of one.
 */
async function judgeAges(
  action: CommandContext,
  forge: Forge,
  { config, instances, now, graceMs, workflow, backups }: DrillRequest,
): Promise<Messages & { readonly rows: readonly CheckRow[] }> {
  const limited = instances.flatMap((raw): Limited[] => {
    const read = readDrillAge(config, raw, (name) => action.env[name])
    return read === null ? [] : [{ raw, mostMs: typeof read === 'number' ? read : read.why }]
  })
  const alarming = new Set(
    backups.rows.filter(({ state }) => state === 'overdue' || state === 'unknown').map(({ id }) => id),
  )
  const isYoung = (at: number | null, mostMs: number) => at !== null && now - at <= mostMs
  // what is known so far need not be the newest: only the latest slot was looked for
  const open = limited.flatMap(({ raw, mostMs }) =>
    typeof mostMs === 'string' || alarming.has(raw.id) || isYoung(backups.newest(raw.id), mostMs)
      ? []
      : [{ raw, expected: { slot: now - mostMs, next: now } }],
  )
  const request = { work: 'backup', kind: BACKUP_REPORTS, workflows: [workflow], config, now, graceMs } as const
  const looked = open.length === 0 ? backups : await judgeWork(action, forge, { ...request, subjects: open })
  const rows = limited.map(({ raw, mostMs }): CheckRow => {
    const base = { what: 'age', id: raw.id, line: raw.line, when: '', next: '', cause: '', url: null } as const
    if (typeof mostMs === 'string') return { ...base, state: 'unknown', cause: mostMs }
    if (alarming.has(raw.id)) return { ...base, state: 'assumed' } // neither an alarm of its own, nor the end of one
    const newest = Math.max(backups.newest(raw.id) ?? 0, looked.newest(raw.id) ?? 0) || null
    const when = newest === null ? '' : said(newest)
    const row = looked.rows.find(({ id }) => id === raw.id)
    if (row === undefined || isYoung(newest, mostMs)) return { ...base, when, state: 'fresh' }
    const { state, cause, url } = row
    if (state === 'running' || state === 'assumed' || state === 'unknown') return { ...base, when, state, cause, url }
    const why = cause === '' ? 'no later one is known' : cause
    return {
      ...base,
      when,
      url,
      state: 'overdue',
      cause: `it may be ${limit(mostMs)} old at most (drill.maxAge), and ${why}`,
    }
  })
  return { rows, warnings: [], alarms: [] }
}
