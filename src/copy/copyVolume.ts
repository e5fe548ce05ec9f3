/** Copies one volume exactly, in the helper: lists it, checks the free space, copies, and compares the copy's listing with the first. */
import { CancelledError, InstanceError } from '../errors.ts'
import { bytes } from '../format.ts'
import { apply } from './applyWorklist.ts'
import type { CopyHelper, CopyTools } from './copyHelper.ts'
import { freeSpaceAt, refuseWithoutSpace, spaceNeeded } from './freeSpace.ts'
import { type Entry, eachEntry, type Listing, listTree, parentOf, pathOf, restat, withAbove } from './listing.ts'
import { nothingSelected } from './pathErrors.ts'
import { shownPath } from './readable.ts'
import { type Selection, select } from './selection.ts'
import { type Difference, rebound, untouched, verifier } from './verify.ts'
import { batchCopies, relinked, type WorkList } from './worklist.ts'
import { type WrittenListing, writeListing } from './writeListing.ts'

export interface CopyRequest {
  /** The volume's name, for messages. */
  readonly name: string
  /** The volume's root in the helper, mounted read-only. */
  readonly source: string
  /** The folder that becomes the copy, below the staging volume. Missing folders are made. */
  readonly destination: string
  /** Paths to copy: UTF-8, relative to the root, normalised, none within another. Empty: the whole volume. */
  readonly paths: readonly string[]
  /** Patterns by gitignore's rules. */
  readonly exclude: readonly string[]
  readonly allowEmpty?: boolean
  /** True if `exclude` may help where there is no room: in a backup. Default true. */
  readonly canLeaveOut?: boolean
  /** The list of the copy to write, and whether it has the SHA-256 of each file; none is written if this is left out. */
  readonly list?: { readonly file: string; readonly contents: boolean }
  /** Applications may be writing, so a change during the copy is a warning; else it is a failure. Default true. */
  readonly live?: boolean
  /** Receives a progress line every 30 s. */
  readonly onProgress?: (line: string) => void
  readonly deadlineMs: number
  readonly signal?: AbortSignal | undefined
}

export interface CopyResult {
  /** Number of entries in the copy that are no directories. */
  readonly files: number
  /** Sum of the file sizes in the copy; hard links count once. */
  readonly bytes: number
  /** The list of the copy; `null` if none was to be written. */
  readonly listing: WrittenListing | null
  readonly warnings: readonly string[]
}

/**
 * Copies a volume, or part of it, with all that the helper's tools keep. Throws `InstanceError` with one sentence if the copy is not
 * complete, and then leaves at most an empty folder at the destination; if more could not be removed, the sentence says so. Throws
 * `CancelledError` when the signal fires, and then leaves what it has copied.
 */
export async function copyVolume(helper: CopyHelper, request: CopyRequest): Promise<CopyResult> {
  const selection = await survey(helper, request)
  return discardOnFailure(helper, request, async () => {
    const work = workOf(selection, helper.tools)
    const options = optionsOf(request)
    const said = await withProgress(helper, request, selection.entries, () => apply(helper, request, work, options))
    return verifyCopy(helper, request, selection.entries, said)
  })
}

/**
 * Lists the source and applies `paths` and `exclude`. Throws `InstanceError` if the source cannot be listed, for wrong `paths`, for an
 * empty selection (unless `allowEmpty`), and if there is no room for the copy. Makes the destination folder, and writes nothing else.
 */
export async function survey(helper: CopyHelper, request: CopyRequest): Promise<Selection> {
  const listing = await listTree(helper, request.source, { ...optionsOf(request), paths: request.paths })
  const selection = selectSome(listing, request)
  const room = await freeSpaceAt(helper, request.destination, request.deadlineMs, request.signal)
  const { name, canLeaveOut = true } = request
  refuseWithoutSpace(spaceNeeded(selection.entries, room.block, helper.tools), room, { name, canLeaveOut })
  return selection
}

/** Selects as `select` does, and throws `InstanceError` if nothing is selected, unless `allowEmpty` is set. */
export function selectSome(listing: Listing, request: CopyRequest): Selection {
  const selection = select(listing, request)
  if (selection.empty && request.allowEmpty !== true)
    throw new InstanceError(
      listing.size === 1
        ? `volume ${request.name} is empty: set "allowEmpty: true" on the target if that is meant`
        : nothingSelected(request.name),
    )
  return selection
}

/** Makes the work list of a first copy: whole trees if nothing was excluded, else every entry by name. */
export function workOf(selection: Selection, tools: CopyTools): WorkList {
  const directories = [...selection.entries.values()].filter((entry) => entry.type === 'directory').map(pathOf)
  if (selection.trees === null)
    return {
      remove: [],
      renew: [],
      directories,
      ...batchCopies(selection.entries.values(), tools),
      attributes: directories,
    }
  const below = new Set(selection.trees)
  const above = directories.filter((path) => path === '.' || !isBelow(path, below))
  const links = tools.linkedOthers ? [] : relinked(selection.entries.values())
  return {
    remove: [],
    renew: [],
    directories: above.filter((path) => !below.has(path)),
    copies: [[...selection.trees]],
    links,
    // making a link changes the time of its directory
    attributes: [...new Set([...above, ...links.map(([, path]) => parentOf(path))])],
  }
}

function isBelow(path: string, roots: ReadonlySet<string>): boolean {
  for (let at = path; ; at = parentOf(at)) {
    if (roots.has(at)) return true
    if (at === '.') return false
  }
}

/**
 * Compares the copy with `entries`, the listing that it was made from. If they differ after a live copy, the source is looked at again
 * where they differ: what has changed there is a warning. Every other difference throws `InstanceError`. Then writes the list of the copy,
 * if `request.list` asks for it. `said` is the first message of the tools, for the failure's sentence.
 */
export async function verifyCopy(
  helper: CopyHelper,
  request: CopyRequest,
  entries: Listing,
  said: string | null = null,
): Promise<CopyResult> {
  const compared = verifier(entries, helper.tools)
  const options = { ...optionsOf(request), what: copyOf(request), live: false, paths: [] }
  const staged: Entry[] = []
  await eachEntry(helper, request.destination, options, (entry) => {
    compared.staged(entry)
    if (request.list) staged.push(entry)
  })
  const { differences, files, bytes } = compared.end()
  const wrong = await unexplained(helper, request, entries, differences)
  refuseWrong(request, wrong, said)
  const list = request.list && { ...request.list, ...options, root: request.destination }
  const listing = list === undefined ? null : await writeListing(helper, list, staged)
  return { files, bytes, listing, warnings: [...changedMeanwhile(entries, differences), ...helper.tools.warnings] }
}

/** Returns those of the differences that no change of the source explains: all of them if nothing was writing. */
async function unexplained(
  helper: CopyHelper,
  request: CopyRequest,
  entries: Listing,
  differences: readonly Difference[],
): Promise<readonly Difference[]> {
  if (differences.length === 0 || !optionsOf(request).live) return differences
  const asListed = await unchanged(helper, request, entries, differences.map(pathOf))
  return differences.filter(({ path }) => asListed.has(path))
}

function refuseWrong(request: CopyRequest, wrong: readonly Difference[], said: string | null): void {
  const first = wrong[0]
  if (first === undefined) return
  throw new InstanceError(
    `${copyOf(request)} is not whole: ${shownPath(first.path)} ${first.what}${wrong.length > 1 ? `, and ${wrong.length - 1} more differ` : ''}${said === null ? '' : ` (${said})`}`,
  )
}

function changedMeanwhile(entries: Listing, differences: readonly Difference[]): string[] {
  if (differences.length === 0) return []
  const isFile = ({ path }: Difference) => entries.get(path)?.type !== 'directory'
  const example = differences.find(isFile) ?? (differences[0] as Difference)
  return [
    `${differences.length} ${differences.length === 1 ? 'file or directory' : 'files and directories'} changed while they were copied, such as ${shownPath(example.path)}: set "stopAttached: true" where that matters`,
  ]
}

/**
 * Returns those of `paths` at which the source is still as `entries` lists it: a copy that differs there is wrong. A path that was not
 * listed is judged by its directory.
 */
async function unchanged(
  helper: CopyHelper,
  request: CopyRequest,
  entries: Listing,
  paths: readonly string[],
): Promise<ReadonlySet<string>> {
  const above = withAbove(paths)
  const mayLack = request.exclude.length > 0 // then a path may be missing in the list on purpose
  const now = await restat(helper, request.source, above, optionsOf(request))
  const isAsListed = (entry: Entry) => untouched(entry, now.get(entry.path))
  const suspect = rebound(
    above.flatMap((path) => entries.get(path) ?? []),
    isAsListed,
  )
  const asListed = (path: string) => {
    // the file may have been created after find read its directory and before stat looked at that directory: then the list has the directory's later state
    if (!entries.has(path) && now.has(path) && !mayLack) return false
    const entry = entries.get(path) ?? entries.get(parentOf(path))
    return entry !== undefined && isAsListed(entry) && !suspect.has(parentOf(path))
  }
  return new Set(paths.filter(asListed))
}

const PROGRESS_MS = 30_000

/** Does `work`, and tells `onProgress` every 30 s how much of the copy is done, if that can be measured. */
export async function withProgress<Result>(
  helper: CopyHelper,
  request: Pick<CopyRequest, 'name' | 'destination' | 'onProgress' | 'signal'>,
  entries: Listing,
  work: () => Promise<Result>,
): Promise<Result> {
  const onProgress = request.onProgress
  if (onProgress === undefined) return work()
  const total = spaceNeeded(entries, 1, helper.tools).bytes
  let asking = false
  let ended = false
  const ask = async () => {
    if (asking) return
    asking = true
    const result = await helper.exec({ script: 'du -sk -- "$1"', args: [request.destination], deadlineMs: PROGRESS_MS })
    const kilobytes = Number.parseInt(result.stdout, 10)
    if (!ended && result.code !== null && Number.isFinite(kilobytes))
      onProgress(`volume ${request.name}: ${bytes(kilobytes * 1024)} of ${bytes(total)} copied`)
    asking = false
  }
  // a failing `du` must not fail the copy; if something is wrong, the copy's own exec says so
  const timer = setInterval(() => void ask().catch(() => undefined), PROGRESS_MS)
  try {
    return await work()
  } finally {
    ended = true
    clearInterval(timer)
  }
}

/** Does `work`, and removes the destination if it fails: a half copy must not pass for a copy. A cancelled one is removed with the claim. */
export async function discardOnFailure<Result>(
  helper: CopyHelper,
  request: Pick<CopyRequest, 'destination' | 'list'>,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof CancelledError) throw error
    const args = [request.destination, ...(request.list ? [request.list.file] : [])]
    const result = await helper.exec({ script: 'rm -rf -- "$@"', args, deadlineMs: DISCARD_MS })
    if (result.code === 0 || !(error instanceof InstanceError)) throw error
    const message = `${error.message}; what was copied so far could not be removed and lies in ${request.destination}`
    throw new InstanceError(message, { cause: error })
  }
}

const DISCARD_MS = 600_000

function optionsOf(request: CopyRequest) {
  return {
    what: `volume ${request.name}`,
    live: request.live ?? true,
    deadlineMs: request.deadlineMs,
    signal: request.signal,
  }
}

/** Returns how messages name the staged copy. */
export function copyOf(request: Pick<CopyRequest, 'name'>): string {
  return `the copy of volume ${request.name}`
}
