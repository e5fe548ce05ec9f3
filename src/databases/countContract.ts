/**
 * Defines how a database server is asked for its rows, by the names that a manifest uses, or in somebody's own words, and how its rows are
 * compared with those of a manifest. Pure.
 */
import type { LoadQuestion, LoadScript } from './loadContract.ts'

export type CountQuestion = Pick<LoadQuestion, 'kind' | 'tools' | 'database' | 'given' | 'command' | 'env'>

export interface AskQuestion extends CountQuestion {
  /** The question, in the language of the server's own client. */
  readonly ask: string
}

export interface CountPlan {
  readonly count: LoadScript
  /** Reads what the script printed. Throws if it is no answer. */
  readonly read: (stdout: string) => ServerRows
}

/** The rows of a server, or of one of its databases. */
export interface ServerRows {
  /** Number of rows by table. */
  readonly rows: Readonly<Record<string, number>>
  /** Tables whose rows a dump holds only in part, because an extension or the server itself brings the others. */
  readonly exempt: readonly string[]
  /** Number of rows in all partitions of a table. A dump names that table only if it holds the rows through it. Left out: there are none. */
  readonly partitioned?: Readonly<Record<string, number>>
}

export interface RowDifference {
  readonly table: string
  /** Number of rows in the dump; `null`: the dump does not have the table. */
  readonly expected: number | null
  /** Number of rows on the server; `null`: the server does not have the table. */
  readonly found: number | null
}

/**
 * Compares the rows that a manifest names with those that were found; returns what differs. Tables in `exempt`, and the server's own
 * (`isOwn`), never differ.
 */
export function compareRows(
  expected: Readonly<Record<string, number>>,
  { rows, exempt, partitioned = {} }: ServerRows,
  isOwn: (table: string) => boolean,
): readonly RowDifference[] {
  const tables = [...new Set([...Object.keys(expected), ...Object.keys(rows)])].sort()
  return tables.flatMap((table) => {
    const difference = { table, expected: expected[table] ?? null, found: rows[table] ?? partitioned[table] ?? null }
    const isSame = difference.expected === difference.found || exempt.includes(table) || isOwn(table)
    return isSame ? [] : [difference]
  })
}
