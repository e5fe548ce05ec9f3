/** Records what the backup image told of its backup. */
import { resultPath } from '../container/layout.ts'
import { readResult } from '../container/readResult.ts'
import type { InstanceRun } from './instanceRun.ts'

/**
 * Reads what the image told from its container, which has ended. A problem with it is a notice and never a failure: the exit code judges
 * the backup.
 */
export async function takeResult({ context, report, layout, abort }: InstanceRun, container: string): Promise<void> {
  const { docker } = context.host
  const { result, problems } = await readResult({
    docker,
    container,
    path: resultPath(layout),
    signal: abort.signal,
  })
  if (result !== null) report.set({ result })
  for (const problem of problems) await report.notice(problem)
}
