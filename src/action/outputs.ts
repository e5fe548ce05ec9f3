/** The outputs of action.yml. */
import type { InstanceStatus, RunReport } from '../outcome.ts'
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
] as const
type OutputName = (typeof OUTPUTS)[number]

/** The run's files; a key is left out where there is none. */
interface Places {
  readonly report?: string
  readonly logDirectory?: string
  readonly artifact?: { readonly id: number; readonly url: string }
  /** Ids that are due, where that was asked. */
  readonly due?: readonly string[]
}

/** Every output of a run, each with a value. Pure. */
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
  }
}

/**
 * Hands the outputs to the runner: all of them, or it throws. They hold words, ids, links and paths of ours and no text of
 * anybody else, so nothing is taken out: an id that happens to be the same word as a secret would become `***`.
 */
export async function setOutputs(outputs: Partial<Record<OutputName, string>>): Promise<void> {
  const path = process.env.GITHUB_OUTPUT
  if (!path) return // the platform has no such file
  const core = await import('@actions/core') // it brings an HTTP client, a third of the bundle: read only when it is needed
  appendOrRollBack(path, () => {
    for (const [name, value] of Object.entries(outputs)) core.setOutput(name, value)
  })
}
