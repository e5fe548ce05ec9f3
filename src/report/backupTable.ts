/** Draws the backups of a run as tables that fit a phone: what was backed up, in how long; the failed ones first. Pure. */
import { bytes, count, seconds } from '../format.ts'
import type { InstanceReport, InstanceStatus, Phase, RunReport, StagedTarget, TargetReport } from '../outcome.ts'
import { breakable, code, inline } from './markdown.ts'
import { toldParts } from './toldResult.ts'

/** If there are more backups than this, the good ones are folded. */
const UNFOLDED = 10

const SIGNS: Readonly<Record<InstanceStatus, string>> = {
  success: '✅',
  partial: '❌',
  failed: '❌',
  cancelled: '🚫',
  skipped: '⏭️',
}
const ORDER: readonly InstanceStatus[] = ['failed', 'partial', 'cancelled', 'skipped', 'success']

/** Says for each phase what was going on, for a backup that failed in it. */
const WHILE: Readonly<Record<Phase, string>> = {
  resolve: 'while its targets were looked up',
  image: 'while its image was fetched',
  claim: 'before anything was backed up',
  dump: 'while its databases were dumped',
  stage: 'while its volumes were made ready',
  run: 'while your script ran',
  check: 'while what came back was checked',
  list: 'while its points were listed',
  scratch: 'while a scratch server was started',
  load: 'while its dumps were loaded',
  count: 'while rows were counted',
  place: 'while it was brought into place',
  release: 'while it was cleaned up',
}

interface TableOptions {
  readonly allowPartial: boolean
  /** Largest number of rows of a table. */
  readonly rows: number
}

/**
 * Draws one table of all backups; of more than `UNFOLDED`, a table of those that are no success and a fold of the successful ones. For a
 * dry run, one table of what a run would do. Empty if there are no backups, or no rows are wanted.
 */
export function backupTables(report: RunReport, options: TableOptions): readonly string[] {
  if (report.instances.length === 0 || options.rows === 0) return []
  if (report.dryRun) return [dryRunTable(report, options)]
  const sorted = ORDER.flatMap((status) => report.instances.filter((one) => one.status === status))
  if (sorted.length <= UNFOLDED) return [table(sorted, options)]
  const good = sorted.filter(({ status }) => status === 'success')
  const rest = sorted.filter(({ status }) => status !== 'success')
  return [
    ...(rest.length === 0 ? [] : [table(rest, options)]),
    ...(good.length === 0
      ? []
      : [
          `<details><summary>✅ ${count(good.length, 'backup')} done</summary>\n\n${table(good, options)}\n\n</details>`,
        ]),
  ]
}

function table(instances: readonly InstanceReport[], options: TableOptions): string {
  return withRest(instances, options, [
    '| | backup | what | time |',
    '|---|---|---|---:|',
    ...instances.slice(0, options.rows).map((one) => row(one, options)),
  ])
}

/** Adds below the lines how many backups are left out. */
function withRest(instances: readonly unknown[], { rows }: TableOptions, lines: readonly string[]): string {
  const more = instances.length - rows
  return [...lines, ...(more > 0 ? ['', `_And ${count(more, 'more backup')}, in the report._`] : [])].join('\n')
}

function row(one: InstanceReport, { allowPartial }: TableOptions): string {
  const sign = one.status === 'partial' && allowPartial ? '⚠️' : SIGNS[one.status]
  const time = one.startedAt === null ? '–' : unbroken(seconds(one.seconds))
  return `| ${sign} | <b>${breakable(inline(one.id))}</b> | ${breakable(whatOf(one))} | ${time} |`
}

function whatOf(one: InstanceReport): string {
  if (one.status === 'skipped') return one.why === null ? 'not begun' : inline(one.why)
  const staged = stagedOf(one)
  const missing = one.targets.length - staged.length
  const away = one.downtimeSeconds === null ? [] : [`application away ${unbroken(seconds(one.downtimeSeconds))}`]
  const parts = [
    ...(one.status === 'success' ? [] : [howFar(one)]),
    ...(one.status === 'partial' ? [`<b>${count(missing, 'target')} missing</b>`] : []),
    ...sizes(staged, one.result?.bytes ?? null),
    ...toldParts(one.result),
    ...away,
  ]
  return parts.length === 0 ? 'no targets' : parts.join(', ')
}

function howFar({ status, failedPhase, startedAt }: InstanceReport): string {
  if (startedAt === null) return 'not begun'
  const word = status === 'partial' ? 'incomplete' : status
  return failedPhase === null || status === 'partial' ? word : `${word} ${WHILE[failedPhase]}`
}

/**
 * Says how much was staged, in parts such as `1 database 51 kB`, `2 volumes 3.0 MB copied`, `1 volume read in place`. Volumes that are
 * mounted have the size that the image told of the whole (`told`), if nothing else was staged; else that is a part of its own.
 */
function sizes(staged: readonly TargetReport[], told: number | null): readonly string[] {
  const part = (noun: string, some: readonly TargetReport[], size: number | null, how: string) =>
    some.length === 0 ? [] : [`${count(some.length, noun)}${size === null ? '' : ` ${unbroken(bytes(size))}`}${how}`]
  const sum = (some: readonly TargetReport[]) => some.reduce((total, target) => total + (target.bytes ?? 0), 0)
  const databases = staged.filter(({ kind }) => kind === 'db')
  const mounted = staged.filter(({ staging }) => staging === 'mount')
  const copied = staged.filter(({ kind, staging }) => kind === 'volume' && staging !== 'mount')
  const areAllMounted = mounted.length === staged.length
  const isApart = staged.length === 0 || (mounted.length > 0 && !areAllMounted)
  return [
    ...part('database', databases, sum(databases), ''),
    ...part('volume', copied, sum(copied), ' copied'),
    ...part('volume', mounted, areAllMounted ? told : null, ' read in place'),
    ...(told !== null && isApart ? [`${unbroken(bytes(told))} in all`] : []),
  ]
}

/** Draws the table of a dry run: what a run would do with each target. */
function dryRunTable({ instances }: RunReport, options: TableOptions): string {
  const cell = (one: InstanceReport) => {
    if (one.status !== 'skipped') return 'would fail'
    const plans = one.targets.flatMap((target) =>
      target.status === 'planned' ? [`${kindOf(target)} ${code(target.name)} would be ${inline(target.plan)}`] : [],
    )
    return plans.length === 0 ? 'would run' : plans.join('<br>')
  }
  const sorted = ORDER.flatMap((status) => instances.filter((one) => one.status === status))
  return withRest(instances, options, [
    '| | backup | what a run would do |',
    '|---|---|---|',
    ...sorted
      .slice(0, options.rows)
      .map((one) => `| ${SIGNS[one.status]} | <b>${breakable(inline(one.id))}</b> | ${breakable(cell(one))} |`),
  ])
}

function stagedOf({ targets }: InstanceReport): readonly StagedTarget[] {
  return targets.filter((target) => target.status === 'staged')
}

const HOW = {
  mount: 'read in place',
  copy: 'copied',
  presync: 'copied around a stop',
  dump: 'dumped',
} as const

/** Draws a fold with a table of the staged targets, of at most `rows` rows. Empty if none was staged, and for a dry run. */
export function targetFold({ instances, dryRun }: RunReport, rows: number): readonly string[] {
  const staged = instances.flatMap((one) =>
    stagedOf(one).map((target, _, { length: of }) => ({ id: one.id, target, of, told: one.result?.bytes ?? null })),
  )
  if (dryRun || staged.length === 0 || rows === 0) return []
  const lines = staged.slice(0, rows).map(({ id, target, of, told }) => {
    const name = `${instances.length > 1 ? `${breakable(inline(id))}: ` : ''}${breakable(code(target.name))}`
    const known = target.bytes ?? (of === 1 ? told : null)
    const size = known === null ? '' : `, ${unbroken(bytes(known))}`
    return `| ${name} | ${HOW[target.staging]}${size} | ${unbroken(seconds(target.seconds))} |`
  })
  const more = staged.length - lines.length
  const rest = more > 0 ? `\n\n_And ${count(more, 'more target')}, in the report._` : ''
  const head = '| target | how | time |\n|---|---|---:|'
  return [`<details><summary>Targets</summary>\n\n${head}\n${lines.join('\n')}${rest}\n\n</details>`]
}

function kindOf({ kind }: TargetReport): string {
  return kind === 'db' ? 'database' : 'volume'
}

function unbroken(text: string): string {
  return text.replaceAll(' ', '\u00a0')
}
