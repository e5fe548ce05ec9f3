/** Collects the warnings of a dump tool, each with the lines that belong to it, up to a number that a person reads. */

/** Largest number of warnings that are kept; the log has every line. */
const MOST_WARNINGS = 20
/**
 * Matches a line that belongs to the warning above it: `DETAIL:  …`, `HINT:  …` of PostgreSQL's server, `pg_dump: detail: …` of its tools,
 * and indented lines.
 */
const CONTINUATION = /^(?:[\w./-]+: )?(?:detail|hint|context|statement|location|query):|^(?:\t| {2,})\S/i

export function collectWarnings(isWarning: (line: string) => boolean) {
  const warnings: string[] = []
  let more = 0
  let isOpen = false
  return {
    add(line: string) {
      if (CONTINUATION.test(line)) {
        // of a line that is no warning, or of one that is not kept, nothing is kept
        if (isOpen && warnings.length > 0) warnings.push(`${warnings.pop()} ${line.trim()}`)
        return
      }
      isOpen = isWarning(line) && warnings.length < MOST_WARNINGS
      if (isOpen) warnings.push(line.trim())
      else if (isWarning(line)) more++
    },
    /** Adds a warning of our own. */
    say: (warning: string) => void warnings.push(warning),
    list: (): readonly string[] =>
      more === 0 ? warnings : [...warnings, `and ${more} more: the instance's log has them all`],
  }
}

export type WarningCollector = ReturnType<typeof collectWarnings>
