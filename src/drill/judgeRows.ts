/** Judges a dump that was loaded into a scratch server by the rows that the server counts. Pure. */
import type { DatabaseEntry } from '../container/manifest.ts'
import { shownWords } from '../copy/readable.ts'
import { compareRows, type RowDifference, type ServerRows } from '../databases/countContract.ts'
import type { DrillCheck, DrillRows } from '../drillReport.ts'
import { count } from '../format.ts'

export interface LoadedDump {
  /** Name of the database container. */
  readonly target: string
  readonly file: DatabaseEntry['files'][number]
  readonly counted: ServerRows
  /** Tells the tables that are the server's own. */
  readonly isOwn: (table: string) => boolean
}

/** Number of differences that a sentence names. */
const NAMED = 5

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
  const differences = rowDifferences(dump)
  if (differences.length > 0) return check(false, `does not hold what was backed up: ${sentenceOf(differences)}`)
  return check(true, `was loaded, and the server counts the ${much} that it must have`)
}

/**
 * Returns what differs. Two tables too many are none: an empty one, since a dump without its data does not list it, and any if the
 * manifest says that it does not list all.
 */
function rowDifferences({ file, counted, isOwn }: LoadedDump): readonly RowDifference[] {
  const all = compareRows(file.rows ?? {}, counted, isOwn)
  return all.filter(({ expected, found }) => expected !== null || (found !== 0 && file.rowsUnknown === null))
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

function sentenceOf(differences: readonly RowDifference[]): string {
  const named = differences.slice(0, NAMED).map(({ table, expected, found }) => {
    if (found === null) return `table ${shownTable(table)} is missing (it had ${count(expected ?? 0, 'row')})`
    if (expected === null)
      return `table ${shownTable(table)} is there with ${count(found, 'row')}, and was not backed up`
    return `table ${shownTable(table)} has ${count(found, 'row')}, and had ${expected}`
  })
  const more = differences.length - named.length
  return `${named.join('; ')}${more === 0 ? '' : `; and ${more} more differ`}`
}

/** Quotes the name of a table, in which anything may stand. Quoted names are hidden from strangers. */
function shownTable(table: string): string {
  return `"${shownWords(table.replace(/["\\]/g, '\\$&'))}"`
}

/** Names a dump in a sentence. */
export function dumpName({ target, file }: Pick<LoadedDump, 'target' | 'file'>): string {
  return file.database === null ? `the dump of ${target}` : `the dump of database "${file.database}" of ${target}`
}
