/** Keeps what the runs tell of each instance. */
import type { JobSign, Sighting } from '../../schedule/overdue.ts'

/** An instance whose backup, or drill, is looked for. */
export interface Wanted {
  readonly id: string
  /** ms since 1970 in UTC. */
  readonly slot: number
  readonly runsOn: readonly string[]
}

export interface Finding {
  readonly wanted: Wanted
  /** Latest success that is known. */
  success: Sighting | null
  /** Latest run since the slot that did not succeed. */
  failure: Sighting | null
  job: JobSign | null
  /** The host whose reports tell of it; `null` if none was read. */
  host: string | null
}

export type Findings = ReadonlyMap<string, Finding>

export function emptyFindings(wanted: readonly Wanted[]): Findings {
  return new Map(
    wanted.map((one) => [one.id, { wanted: one, success: null, failure: null, job: null, host: null }] as const),
  )
}

/** Tells whether a success since the slot is known: then no more needs to be read for the instance. */
export function isServed({ wanted, success }: Finding): boolean {
  return success !== null && success.at >= wanted.slot
}

/**
 * Takes in how a run of the instance ended. `isGood` tells whether that counts as a success. A failure before the slot, and a run that was
 * skipped, are left out.
 */
export function addSighting(finding: Finding, sighting: Sighting, isGood: boolean): void {
  if (isGood) {
    if (sighting.at > (finding.success?.at ?? Number.NEGATIVE_INFINITY)) finding.success = sighting
    return
  }
  if (sighting.at < finding.wanted.slot || sighting.status === 'skipped') return
  if (sighting.at > (finding.failure?.at ?? Number.NEGATIVE_INFINITY)) finding.failure = sighting
}
