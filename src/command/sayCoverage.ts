/** Prints what of a host is in no backup: as a notice or, with `coverage: enforce`, as an error of the run. */
import type { DockerHost } from '../claim/host.ts'
import type { CoverageReport } from '../outcome.ts'
import { saysUnchecked, saysUncovered } from '../report/uncovered.ts'
import type { CommandContext } from './commandContext.ts'

/**
 * Prints what is in no backup, and what could not be checked: that is a warning or, with `enforce`, an error. `hostName` is the host's name
 * for people.
 */
export async function sayCoverage(
  console: CommandContext['console'],
  host: DockerHost,
  hostName: string,
  coverage: CoverageReport,
): Promise<void> {
  const isError = coverage.mode === 'enforce'
  const uncovered = saysUncovered(coverage, hostName)
  if (uncovered !== null) await (isError ? host.reportError(uncovered) : console.notice(console.redact(uncovered)))
  const unchecked = saysUnchecked(coverage)
  if (unchecked !== null) await (isError ? host.reportError(unchecked) : host.warn(unchecked))
}
