/** Collects the warnings of a dump tool, each with the lines that belong to it, up to a number that a person reads. */
import type { DumpPlan } from '../databases/engineContract.ts'

/** Number of kept warnings from which on no further one of the tool is kept; the log has every line. */
const MOST_WARNINGS = 20
export function collectWarnings({ isWarning, isContinuation }: Pick<DumpPlan, 'isWarning' | 'isContinuation'>) {
  const warnings: string[] = []
  const own = new Set<string>()
  let more = 0
  let isOpen = false
  const take = (line: string) => {
    if (isContinuation(line)) {
      // of a line that is no warning, or of one that is not kept, nothing is kept
      if (isOpen && warnings.length > 0) warnings.push(`${warnings.pop()} ${line.trim()}`)
      return
    }
    isOpen = isWarning(line) && warnings.length < MOST_WARNINGS
    if (isOpen) warnings.push(line.trim())
    else if (isWarning(line)) more++
  }
  return {
    /** Takes a line. Where parts of it were written over one another, as progress is, each is a line: a warning among them counts. */
    add(line: string) {
      for (const part of line.split('\r')) if (part.trim() !== '' || part === line) take(part)
    },
    /** Adds a warning of our own, which is kept in any case. */
    say(warning: string) {
      own.add(warning)
      warnings.push(warning)
    },
    /** Returns those of the kept warnings that are the tool's own words. */
    quoted: (): readonly string[] => warnings.filter((warning) => !own.has(warning)),
    list: (): readonly string[] =>
      more === 0 ? warnings : [...warnings, `and ${more} more: the instance's log has them all`],
  }
}

export type WarningCollector = ReturnType<typeof collectWarnings>
