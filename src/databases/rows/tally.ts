/** Counts rows by table, and knows how a table is named in `manifest.json`. Pure. */

/** The rows of a dump, table by table. */
export interface CountedRows {
  /** Number of rows by the table's name (see `tableName`); `null` if the dump's rows could not be counted. */
  readonly rows: Readonly<Record<string, number>> | null
  /** Says why nothing, or not every table, was counted; `null` if every table was. */
  readonly unknown: string | null
}

/** Counts rows while a dump streams by. It needs the same memory whatever the size of the dump; only the tables' names are kept. */
export interface RowCounter {
  /** Takes the next bytes of the dump. */
  count(chunk: Buffer): void
  /** Returns the rows at the end of the dump. */
  end(): CountedRows
}

/** Largest number of tables whose rows are listed; with more, the count is given up. */
const MOST_TABLES = 100_000

/** Makes the result for a dump that nobody can count. `why` can follow a colon. */
export function uncounted(why: string): CountedRows {
  return { rows: null, unknown: why }
}

/** Collects the rows of tables. */
export function tally() {
  const rows = new Map<string, number>()
  const left = new Map<string, string>()
  let doubt: string | null = null
  return {
    /** Adds rows to a table; with 0 it only lists the table. */
    add(table: string, count: number) {
      const before = rows.get(table)
      if (before === undefined && rows.size >= MOST_TABLES) doubt ??= `the dump has over ${MOST_TABLES} tables`
      else rows.set(table, (before ?? 0) + count)
    },
    get: (table: string) => rows.get(table),
    /** Leaves one table out of the result. `why` says what kind of table it is. */
    leaveOut(table: string, why: string) {
      rows.delete(table)
      left.set(table, why)
    },
    /** Removes a table that holds no rows of its own. */
    drop(table: string) {
      rows.delete(table)
    },
    /** Gives the whole count up. The first reason counts. */
    giveUp(why: string) {
      doubt ??= why
    },
    tables: () => rows.keys(),
    end(): CountedRows {
      if (doubt !== null) return uncounted(doubt)
      return { rows: Object.fromEntries(rows), unknown: left.size === 0 ? null : notCounted(left) }
    },
  }
}

export type Tally = ReturnType<typeof tally>

/** Number of tables that a reason names. */
const NAMED = 5

function notCounted(left: ReadonlyMap<string, string>): string {
  const named = [...left].slice(0, NAMED).map(([table, why]) => `${table} (${why})`)
  const more = left.size > NAMED ? ` and ${left.size - NAMED} more` : ''
  return `not counted: ${named.join(', ')}${more}`
}

/**
 * Makes the name of a table from the names of what holds it and its own: `public.orders`. A part that has a dot or a double quote stands in
 * double quotes, and a quote in it is doubled.
 */
export function tableName(parts: readonly string[]): string {
  return parts.map((part) => (/[."]/.test(part) ? `"${part.replaceAll('"', '""')}"` : part)).join('.')
}

/** Splits what `tableName` made into its parts. */
export function partsOfTableName(name: string): string[] {
  return (name.match(/"(?:[^"]|"")*"|[^.]+/g) ?? []).map((part) =>
    part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part,
  )
}

/** Wraps a counter: what breaks it only leaves the rows unknown, and never harms the dump. */
export function guardedCounter(counter: RowCounter): RowCounter {
  let damage: string | null = null
  const attempt = <T>(work: () => T, otherwise: () => T): T => {
    if (damage !== null) return otherwise()
    try {
      return work()
    } catch (error) {
      damage = `the dump has another form than expected (${error instanceof Error ? error.message : error})`
      return otherwise()
    }
  }
  return {
    count: (chunk) =>
      attempt(
        () => counter.count(chunk),
        () => {},
      ),
    end: () =>
      attempt(
        () => counter.end(),
        () => uncounted(damage ?? ''),
      ),
  }
}
