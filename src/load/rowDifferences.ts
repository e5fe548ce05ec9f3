/** Compares the rows that a server counts after a load with those that the manifest names, and says what differs. Pure. */
import { shownWords } from '../copy/readable.ts'
import { compareRows, type RowDifference, type ServerRows } from '../databases/countContract.ts'
import { count } from '../format.ts'

export interface LoadedRows {
  /** The rows of the manifest, by table. */
  readonly expected: Readonly<Record<string, number>>
  /** True if the manifest may not list all tables. */
  readonly isPartial: boolean
  readonly counted: ServerRows
  /** Tells the tables that are the server's own. */
  readonly isOwn: (table: string) => boolean
}

/** Number of differences that a sentence names. */
const NAMED = 5

/**
 * Returns what differs. A table that the manifest does not name is no difference if it is empty (of a dump without data the manifest does
 * not list it), or if the manifest may not list all tables.
 */
export function rowDifferences({ expected, isPartial, counted, isOwn }: LoadedRows): readonly RowDifference[] {
  const all = compareRows(expected, counted, isOwn)
  return all.filter((one) => one.expected !== null || (one.found !== 0 && !isPartial))
}

/** Names the first differences, in words that follow "does not hold what was backed up". */
export function sayDifferences(differences: readonly RowDifference[]): string {
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
