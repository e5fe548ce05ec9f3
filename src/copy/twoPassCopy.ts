/** Runs the two passes in the helper, or the single one that is made during a stop. What the second one copies is decided by `secondPass.ts`. */
import { CancelledError, InstanceError } from '../errors.ts'
import { apply } from './applyWorklist.ts'
import type { CopyHelper } from './copyHelper.ts'
import {
  type CopyRequest,
  type CopyResult,
  copyOf,
  discardOnFailure,
  selectSome,
  survey,
  verifyCopy,
  withProgress,
  workOf,
} from './copyVolume.ts'
import { type ClockReading, type Listing, listTree, listWithClock } from './listing.ts'
import { shownReason } from './readable.ts'
import { isKnownFileSystem, planSecondPass, trustedBefore } from './secondPass.ts'

/** The first pass's findings, which the second needs. */
export interface FirstPass {
  readonly first: Listing
  readonly staged: Listing
  /** True if staged directories carry extended attributes or access control lists. */
  readonly attributed: boolean
  readonly syncStarted: ClockReading
}

/** The findings of the pass during the stop, the second or the single one. They are confirmed when applications are up again. */
export interface SecondPass {
  readonly second: Listing
  /** Number of paths that were copied or linked again; in a single pass, all. */
  readonly copied: number
  readonly removed: number
}

export type TwoPassSupport = { readonly ok: true } | { readonly ok: false; readonly why: string }

/** Tells whether two passes are exact on the source's file system, and if not, why. Throws `InstanceError` if the file system cannot be read. */
export async function supportsTwoPasses(
  helper: CopyHelper,
  request: Pick<CopyRequest, 'name' | 'source' | 'signal'>,
): Promise<TwoPassSupport> {
  const result = await helper.exec({
    script: `stat -f -c '%t %T' -- "$1"`,
    args: [request.source],
    deadlineMs: 60_000,
    ...(request.signal && { signal: request.signal }),
  })
  if (result.ended.kind === 'cancelled') throw new CancelledError()
  const [, type, name] = /^([0-9a-f]+) (.*)$/i.exec(result.stdout.trim()) ?? []
  if (result.code !== 0 || type === undefined)
    throw new InstanceError(`the file system of volume ${request.name} could not be read: ${shownReason(result)}`)
  if (isKnownFileSystem(type)) return { ok: true }
  const shown = name === undefined || name === 'UNKNOWN' ? `type 0x${type}` : name
  return { ok: false, why: `its file system (${shown}) is not ext4, xfs or btrfs` }
}

/**
 * Prints the clocks of the engine's host: seconds since 1970, and the uptime in seconds. `SYNC_ONE` and `SYNC_ALL` print them before they
 * sync the file system of `$1`.
 */
const CLOCK = 'now=$(date +%s); read -r up rest </proc/uptime; echo "$now $up"'
const SYNC_ONE = `${CLOCK}; sync -f "$1"`
const SYNC_ALL = `${CLOCK}; sync`

/** Makes the first pass, while applications run and write. Throws as `copyVolume` does, and removes what was staged as it does. */
export async function firstPass(helper: CopyHelper, request: CopyRequest): Promise<FirstPass> {
  const live = { live: true, deadlineMs: request.deadlineMs, signal: request.signal }
  const syncStarted = await sync(helper, request, request.source)
  const selection = await survey(helper, { ...request, live: true })
  return discardOnFailure(helper, request, async () => {
    await withProgress(helper, request, selection.entries, () =>
      apply(helper, request, workOf(selection, helper.tools), live),
    )
    // dirty pages would slow the second pass down
    await sync(helper, request, request.destination)
    const staged = await listTree(helper, request.destination, {
      ...live,
      what: copyOf(request),
      live: false,
      paths: [],
    })
    const attributed = await areAttributed(helper, request)
    return { first: selection.entries, staged, attributed, syncStarted }
  })
}

/**
 * Makes the second pass, while nobody writes. This is downtime: one exec lists, one works (two, if the lists are long; none, if nothing has
 * changed). Anything that vanishes or changes now is a failure; the half copy is not removed here, since that would be downtime too.
 */
export async function secondPass(helper: CopyHelper, request: CopyRequest, before: FirstPass): Promise<SecondPass> {
  const stopped = { live: false, deadlineMs: request.deadlineMs, signal: request.signal }
  const what = `volume ${request.name}`
  const { listing, clock } = await listWithClock(helper, request.source, { ...stopped, what, paths: request.paths })
  const second = selectSome(listing, request).entries
  const work = planSecondPass({ ...before, second, trusted: trustedBefore(before.syncStarted, clock) }, helper.tools)
  const copied = work.copies.flat().length + work.links.length
  const removed = work.remove.length
  if (copied + removed + work.directories.length + work.attributes.length > 0)
    await apply(helper, request, work, stopped)
  return { second, copied, removed }
}

/** Makes the single pass, if two are not exact or not wanted. This is downtime: it lists and copies; the comparison comes later. */
export async function singlePass(helper: CopyHelper, request: CopyRequest): Promise<SecondPass> {
  const stopped = { ...request, live: false }
  const selection = await survey(helper, stopped)
  await withProgress(helper, request, selection.entries, () =>
    apply(helper, request, workOf(selection, helper.tools), stopped),
  )
  return { second: selection.entries, copied: selection.entries.size, removed: 0 }
}

/**
 * Compares the staged tree with the listing that was made during the stop, so applications may be up again. Throws as `copyVolume` does,
 * and removes what was staged as it does.
 */
export async function confirmPasses(helper: CopyHelper, request: CopyRequest, after: SecondPass): Promise<CopyResult> {
  return discardOnFailure(helper, request, () => verifyCopy(helper, { ...request, live: false }, after.second))
}

/**
 * Looks for extended attributes of the directories below `$1`, with the tar options that follow. Exit code 1 means that there are none. If
 * tar fails or grep is missing, it says that there are some, which only costs time.
 */
const ATTRIBUTED = `
cd "$1" && shift && command -v grep >/dev/null || exit 0
{ find . -type d -print0 | xargs -0 sh -c '
  n=$1; shift; options=
  while [ $n -gt 0 ]; do options="$options $1"; n=$((n-1)); shift; done
  set -f; exec tar -c -f - --no-recursion $options -- "$@"' sh $# "$@" || echo SCHILY.
} | grep -aq 'SCHILY[.]'`

async function areAttributed(helper: CopyHelper, request: CopyRequest): Promise<boolean> {
  if (!helper.tools.xattrs) return false
  const args = [request.destination, ...helper.tools.tarOptions]
  const { deadlineMs, signal } = request
  const result = await helper.exec({ script: ATTRIBUTED, args, deadlineMs, ...(signal && { signal }) })
  if (result.ended.kind === 'cancelled') throw new CancelledError()
  return result.code !== 1
}

async function sync(helper: CopyHelper, request: CopyRequest, path: string): Promise<ClockReading> {
  const result = await helper.exec({
    script: helper.tools.syncOne ? SYNC_ONE : SYNC_ALL,
    args: [path],
    deadlineMs: request.deadlineMs,
    ...(request.signal && { signal: request.signal }),
  })
  if (result.ended.kind === 'cancelled') throw new CancelledError()
  const [, now, uptime] = /^(\d+) ([\d.]+)$/m.exec(result.stdout) ?? []
  if (result.code !== 0 || now === undefined)
    throw new InstanceError(`the file system of volume ${request.name} could not be synced: ${shownReason(result)}`)
  return { now: Number(now), uptime: Number(uptime) }
}
