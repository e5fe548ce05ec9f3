/** Judges whether a claim is abandoned. Pure: facts in, verdict and reason out. */
import type { Claim } from '../docker/labels.ts'

export interface StalenessFacts {
  /** Present time by the engine's clock, ms since 1970. */
  readonly engineNow: number
  /** GitHub's answer on whether the claim's run has ended; `null`: unknown (404, 403, no API), or not asked. */
  readonly runCompleted: boolean | null
  /** True if the claim's helper wrote `orphan`: its stdin, which is its lease, was closed, or it was restarted. */
  readonly orphaned: boolean
  /** True if the owner's process is gone, for a claim without a helper or of a restore; `null` if that cannot be known from here, and for any other claim. */
  readonly ownerGone: boolean | null
}

/** Time that a created container of ours may wait for its start, or an exited backup container for its removal, ms. */
const GRACE_MS = 60_000

/** Says why the claim is stale, in words for a place in brackets: “a run was left behind (its deadline has passed)”; `null` if it is live. */
export function staleBecause(claim: Claim, known: StalenessFacts): string | null {
  const { container } = claim
  // nobody is at it: its run is over, and has left it to the next start
  if (claim.kind === 'journal') return 'it is the journal of a run that is over'
  // two that put old data back at the same time would spoil it: as long as its process is there, a restore may take its time
  const isAtWork = claim.kind === 'helper' && claim.undo !== undefined && known.ownerGone === false
  if (!isAtWork) {
    if (known.engineNow > claim.deadline) return 'its deadline has passed'
    if (known.runCompleted === true) return 'its run is completed'
  }
  if (known.ownerGone === true) return 'its process is gone'
  if (claim.kind === 'helper') {
    if (known.orphaned) return 'its action died'
    // one that was created a moment ago is not started yet
    if (container.state === 'down' && !isRecent(claim.container.createdAt, known)) return 'its helper is not running'
    return null
  }
  // its owner is there, busy with many volumes or a slow reader of its log
  if (known.ownerGone === false) return null
  if (container.status === 'created' && !isRecent(claim.container.createdAt, known)) return 'it was never started'
  if (container.status === 'exited' && !isRecent(container.finishedAt, known)) return 'it ended and nobody removed it'
  if (container.status === 'dead') return 'it is dead'
  return null
}

function isRecent(time: string, known: StalenessFacts): boolean {
  const at = Date.parse(time)
  return !Number.isNaN(at) && known.engineNow - at < GRACE_MS
}

/**
 * Tells whether a process is provably gone (`true`) or still there (`false`); `null` if that cannot be known, as of another boot or another
 * PID namespace. `theirs` describes it, `ours` this process, both as `thisProcess` does.
 * @param startTime reads the start time of a pid in our namespace: empty if there is no such process, `null` if unknown
 */
export function processGone(theirs: string, ours: string, startTime: (pid: string) => string | null): boolean | null {
  const [boot, namespace, pid, started] = theirs.split(' ')
  const [ourBoot, ourNamespace] = ours.split(' ')
  if (!boot || !namespace || !pid || boot !== ourBoot || namespace !== ourNamespace || boot === '-') return null
  const now = startTime(pid)
  if (now === '') return true
  return now === null || !started || started === '-' ? null : now !== started
}
