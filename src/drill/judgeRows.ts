/** Judges a dump that was loaded into a scratch server by the rows that the server counts. Pure. */
import type { DatabaseEntry } from '../container/manifest.ts'
import type { ServerRows } from '../databases/countContract.ts'
import type { DrillCheck, DrillRows } from '../drillReport.ts'
import { count } from '../format.ts'
import { rowDifferences, sayDifferences } from '../load/rowDifferences.ts'

export interface LoadedDump {
  /** Name of the database container. */
  readonly target: string
  readonly file: DatabaseEntry['files'][number]
  readonly counted: ServerRows
  /** Tells the tables that are the server's own. */
  readonly isOwn: (table: string) => boolean
}

/**
 * Compares the rows with those that the manifest tells. Where it tells nothing, a dump passes that has rows, and one without any fails:
 * nobody can say that it must be empty.
 */
export function judgeRows(dump: LoadedDump): DrillCheck {
  const { target, file, counted, isOwn } = dump
  const tables = Object.entries(counted.rows).filter(([table]) => !isOwn(table))
  const total = tables.reduce((sum, [, rows]) => sum + rows, 0)
  const much = `${count(total, 'row')} in ${count(tables.length, 'table')}`
  const check = (passed: boolean, seen: string): DrillCheck => ({
    kind: 'rows',
    target,
    passed,
    looked: !passed || total > 0,
    seen: `${dumpName(dump)} ${seen}`,
  })
  if (file.rows === null) {
    const why = file.rowsUnknown ?? 'nobody counted them'
    return total > 0
      ? check(true, `was loaded, and the server counts ${much}. How many it must have is not known: ${why}`)
      : check(
          false,
          `was loaded, and the server counts no row (${count(tables.length, 'table')}). How many it must have is not known (${why}), so nothing shows that data is in it`,
        )
  }
  const differences = rowDifferences({ expected: file.rows, isPartial: file.rowsUnknown !== null, counted, isOwn })
  if (differences.length > 0) return check(false, `does not hold what was backed up: ${sayDifferences(differences)}`)
  return check(true, `was loaded, and the server counts the ${much} that it must have`)
}

/** Returns the rows of each table that is in the manifest or on the server, for the report. */
export function rowsOf({ target, file, counted, isOwn }: LoadedDump): readonly DrillRows[] {
  const tables = [...new Set([...Object.keys(file.rows ?? {}), ...Object.keys(counted.rows)])].sort()
  return tables
    .filter((table) => !isOwn(table))
    .map((table) => ({
      target,
      path: file.path,
      table,
      expected: file.rows?.[table] ?? null,
      found: counted.rows[table] ?? counted.partitioned?.[table] ?? null,
    }))
}

/** Names a dump in a sentence. */
export function dumpName({ target, file }: Pick<LoadedDump, 'target' | 'file'>): string {
  return file.database === null ? `the dump of ${target}` : `the dump of database "${file.database}" of ${target}`
}
