/** Makes and writes the outputs that action.yml declares. */
import type { DrillReport } from '../drillReport.ts'
import type { DrillVerdict, InstanceStatus, RestoreReport, RunReport } from '../outcome.ts'
import { appendOrRollBack } from './appendFile.ts'

export const OUTPUTS = [
  'result',
  'succeeded',
  'partial',
  'failed',
  'skipped',
  'report',
  'log-directory',
  'artifact-id',
  'artifact-url',
  'due',
  'matrix',
  'points',
  'restored',
  'proven',
  'inconclusive',
] as const
type OutputName = (typeof OUTPUTS)[number]

/**
 * Facts for the outputs that are not in the report: paths of the run's files, its artifact, the selected instances. A key is left out if
 * there is none.
 */
interface Places {
  readonly report?: string
  readonly logDirectory?: string
  readonly artifact?: { readonly id: number; readonly url: string }
  /** Ids of the instances that this run selected; the output `due`. */
  readonly due?: readonly string[]
}

/** Makes every output of a run. One without a value is the empty text or, if it holds a list, `[]`. Pure. */
export function runOutputs(report: RunReport, places: Places): Record<OutputName, string> {
  const ids = (...statuses: InstanceStatus[]) =>
    JSON.stringify(report.instances.filter((one) => statuses.includes(one.status)).map((one) => one.id))
  return {
    result: report.result,
    succeeded: ids('success'),
    partial: ids('partial'),
    failed: ids('failed', 'cancelled'),
    skipped: ids('skipped'),
    report: places.report ?? '',
    'log-directory': places.logDirectory ?? '',
    'artifact-id': places.artifact === undefined ? '' : String(places.artifact.id),
    'artifact-url': places.artifact?.url ?? '',
    due: JSON.stringify(places.due ?? []),
    matrix: '[]',
    points: '[]',
    restored: '[]',
    proven: '[]',
    inconclusive: '[]',
  }
}

/** Makes the outputs of a restore. Pure. */
export function restoreOutputs(report: RestoreReport, places: Places): Partial<Record<OutputName, string>> {
  return {
    result: report.result,
    points: JSON.stringify(report.points),
    restored: JSON.stringify(report.restored),
    report: places.report ?? '',
    'log-directory': places.logDirectory ?? '',
    'artifact-id': places.artifact === undefined ? '' : String(places.artifact.id),
    'artifact-url': places.artifact?.url ?? '',
  }
}

/** Makes the outputs of a drill. Pure. */
export function drillOutputs(report: DrillReport, places: Places): Partial<Record<OutputName, string>> {
  const ids = (verdict: DrillVerdict) =>
    JSON.stringify(report.instances.filter((one) => one.verdict === verdict).map((one) => one.id))
  return {
    result: report.result,
    proven: ids('proven'),
    failed: ids('failed'),
    inconclusive: ids('inconclusive'),
    due: JSON.stringify(places.due ?? []),
    report: places.report ?? '',
    'log-directory': places.logDirectory ?? '',
    'artifact-id': places.artifact === undefined ? '' : String(places.artifact.id),
    'artifact-url': places.artifact?.url ?? '',
  }
}

/** The outputs of a plan. */
export interface PlanOutputs {
  readonly due: readonly string[]
  readonly matrix: readonly {
    readonly name: string
    readonly 'runs-on': readonly string[]
    readonly instances: string
  }[]
  /** Path of `plan.json`; empty if it could not be written. */
  readonly report: string
}

/** Makes the outputs of a plan. Lists are JSON arrays, `[]` if they are empty. Pure. */
export function planOutputs({ due, matrix, report }: PlanOutputs): Partial<Record<OutputName, string>> {
  return { due: JSON.stringify(due), matrix: JSON.stringify(matrix), report }
}

/**
 * Hands the outputs to the runner. Throws, and writes none, if not all can be written; does nothing on a platform without outputs. They are
 * not redacted here: an id that equals a secret by chance would become `***`. Texts of others (an image's words in `points`) must come redacted.
 */
export async function setOutputs(outputs: Partial<Record<OutputName, string>>): Promise<void> {
  const path = process.env.GITHUB_OUTPUT
  if (!path) return // the platform has no such file
  const core = await import('@actions/core') // it brings an HTTP client, a third of the bundle: read only when it is needed
  appendOrRollBack(path, () => {
    for (const [name, value] of Object.entries(outputs)) core.setOutput(name, value)
  })
}
