/** Counts the rows of a database that was loaded in place, and compares them with those that its backup held. */
import type { DatabaseEntry } from '../container/manifest.ts'
import { engineOf } from '../databases/engines.ts'
import { InstanceError } from '../errors.ts'
import type { InstanceRun } from '../instance/instanceRun.ts'
import { countRows } from '../load/countRows.ts'
import { rowDifferences, sayDifferences } from '../load/rowDifferences.ts'
import type { DatabasePlacement } from './placeDatabases.ts'

/**
 * Throws an `InstanceError` that names the differences if the server does not hold the rows of the dump. Where nobody can say that, it says
 * so. Throws `CancelledError`.
 */
export async function countLoaded(
  run: InstanceRun,
  { source, kind }: DatabasePlacement,
  file: DatabaseEntry['files'][number],
): Promise<void> {
  const what = file.database === null ? `the dump of ${source.name}` : `database "${file.database}" of ${source.name}`
  if (file.rows === null)
    return run.log.write(
      'marina',
      `${what} was loaded; how many rows it must have is not known: ${file.rowsUnknown ?? 'nobody counted them'}`,
    )
  await run.log.write('marina', `counting the rows of ${source.name}`)
  const { docker } = run.context.host
  const { dumpArgs } = source.target
  const limits = { deadlineMs: run.instance.timeoutMs, signal: run.abort.signal }
  const asked = { kind, container: source.facts, dumpArgs, database: file.database, ...limits }
  const counted = await countRows(docker, asked).catch((error: unknown) => {
    if (error instanceof InstanceError) return error
    throw error
  })
  if (counted instanceof InstanceError)
    return run.report.warn(`${what} was loaded, and nobody compared its rows with the backup: ${counted.message}`)
  const differences = rowDifferences({
    expected: file.rows,
    isPartial: file.rowsUnknown !== null,
    counted,
    isOwn: engineOf(kind).isOwnTable,
  })
  if (differences.length > 0)
    throw new InstanceError(`${what} was loaded, and does not hold what was backed up: ${sayDifferences(differences)}`)
}
