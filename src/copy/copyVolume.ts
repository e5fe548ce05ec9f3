/** The exact copy of a volume, in the helper: list, room, copy, and the copy's own listing compared with the first. */
import { CancelledError, InstanceError } from '../errors.ts'
import { apply } from './apply.ts'
import type { CopyHelper, CopyTools } from './copyHelper.ts'
import { freeSpaceAt, refuseWithoutSpace, size, spaceNeeded } from './freeSpace.ts'
import { type Entry, eachEntry, type Listing, list, parentOf, restat, shown, withAbove } from './listing.ts'
import { nothingSelected } from './pathErrors.ts'
import { type Selection, select } from './selection.ts'
import { type Difference, rebound, untouched, verifier } from './verify.ts'
import { batchCopies, relinked, type WorkList } from './worklist.ts'

export interface CopyRequest {
  /** The volume's, for messages. */
  readonly name: string
  /** Its root in the helper, mounted read-only. */
  readonly source: string
  /** Where the copy is to stand, below the staging volume; made with all above where it is not there. */
  readonly destination: string
  /** UTF-8, relative to the root, normalised, none within another; none is the whole volume. */
  readonly paths: readonly string[]
  /** gitignore's rules. */
  readonly exclude: readonly string[]
  readonly allowEmpty?: boolean
  /** Applications may be writing: what changes or vanishes meanwhile is a warning. Else it is a failure. Default true. */
  readonly live?: boolean
  /** Takes a line for people every 30 s. */
  readonly onProgress?: (line: string) => void
  readonly deadlineMs: number
  readonly signal?: AbortSignal | undefined
}

export interface CopyResult {
  /** Everything that is no directory. */
  readonly files: number
  /** Sizes of the files in the copy, hard links once. */
  readonly bytes: number
  readonly warnings: readonly string[]
}

/**
 * Copies a volume, or part of it, with all that the helper's tools keep. Throws `InstanceError` with one sentence where the copy
 * is not whole, and then leaves nothing at the destination; `CancelledError` when the signal fires.
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

/** Lists the source, applies `paths` and `exclude`, refuses an empty volume and one that has no room. Writes nothing but the empty destination. */
export async function survey(helper: CopyHelper, request: CopyRequest): Promise<Selection> {
  const listing = await list(helper, request.source, { ...optionsOf(request), paths: request.paths })
  const selection = selectSome(listing, request)
  const room = await freeSpaceAt(helper, request.destination, request.deadlineMs, request.signal)
  refuseWithoutSpace(spaceNeeded(selection.entries, room.block, helper.tools), room, request.name)
  return selection
}

/** As `select`, and refuses what is empty. */
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

/** What makes the first copy of a selection: whole trees where nothing is left out, else a list. */
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
    // to link anew moves the time of the directory
    attributes: [...new Set([...above, ...links.map(([, path]) => parentOf(path))])],
  }
}

function isBelow(path: string, roots: ReadonlySet<string>): boolean {
  for (let at = path; ; at = parentOf(at)) {
    if (roots.has(at)) return true
    if (at === '.') return false
  }
}

/** Compares the copy with the list it was made from. Where they differ, the source is asked again: what changed meanwhile is a warning of a live copy; all else is a failure. `said` is what the tools complained of, for its message. */
export async function verifyCopy(
  helper: CopyHelper,
  request: CopyRequest,
  entries: Listing,
  said: string | null = null,
): Promise<CopyResult> {
  const compared = verifier(entries, helper.tools)
  const options = { ...optionsOf(request), what: copyOf(request), live: false, paths: [] }
  await eachEntry(helper, request.destination, options, compared.staged)
  const { differences, files, bytes } = compared.end()
  const changed = await judge(helper, request, entries, differences, said)
  return { files, bytes, warnings: [...changed, ...helper.tools.warnings] }
}

async function judge(
  helper: CopyHelper,
  request: CopyRequest,
  entries: Listing,
  differences: readonly Difference[],
  said: string | null,
): Promise<string[]> {
  if (differences.length === 0) return []
  const { live, ...options } = { ...optionsOf(request), excludes: request.exclude.length > 0 }
  const unexplained = live ? await unchanged(helper, request.source, entries, differences.map(pathOf), options) : null
  const wrong = unexplained === null ? differences : differences.filter(({ path }) => unexplained.has(path))
  const first = wrong[0]
  if (first !== undefined)
    throw new InstanceError(
      `the copy of volume ${request.name} is not whole: ${shown(first.path)} ${first.what}${wrong.length > 1 ? `, and ${wrong.length - 1} more differ` : ''}${said === null ? '' : ` (${said})`}`,
    )
  const isFile = ({ path }: Difference) => entries.get(path)?.type !== 'directory'
  const example = differences.find(isFile) ?? (differences[0] as Difference)
  return [
    `${differences.length} ${differences.length === 1 ? 'file or directory' : 'files and directories'} changed while they were copied, such as ${shown(example.path)}: set "stopAttached: true" where that matters`,
  ]
}

/** Which of these paths of the source are as they were listed: a copy that differs there is wrong. One that was not listed is judged by its directory. */
async function unchanged(
  helper: CopyHelper,
  source: string,
  entries: Listing,
  paths: readonly string[],
  options: {
    readonly what: string
    /** What is not in the list may have been left out on purpose. */
    readonly excludes: boolean
    readonly deadlineMs: number
    readonly signal: AbortSignal | undefined
  },
): Promise<ReadonlySet<string>> {
  const above = withAbove(paths)
  const now = await restat(helper, source, above, options)
  const isAsListed = (entry: Entry) => untouched(entry, now.get(entry.path))
  const suspect = rebound(
    above.flatMap((path) => entries.get(path) ?? []),
    isAsListed,
  )
  const asListed = (path: string) => {
    // it may have come between find's look into its directory and stat's look at that: then the list has the directory of after it
    if (!entries.has(path) && now.has(path) && !options.excludes) return false
    const entry = entries.get(path) ?? entries.get(parentOf(path))
    return entry !== undefined && isAsListed(entry) && !suspect.has(parentOf(path))
  }
  return new Set(paths.filter(asListed))
}

const PROGRESS_MS = 30_000

/** Shows how far a copy is, every 30 s. */
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
      onProgress(`volume ${request.name}: ${size(kilobytes * 1024)} of ${size(total)} copied`)
    asking = false
  }
  // a progress line that cannot be had is no reason to fail a copy; the copy's own exec tells what is wrong
  const timer = setInterval(() => void ask().catch(() => undefined), PROGRESS_MS)
  try {
    return await work()
  } finally {
    ended = true
    clearInterval(timer)
  }
}

/** A copy that failed must not be mistaken for one, and gives its room back. One that was cancelled goes with the claim. */
export async function discardOnFailure<Result>(
  helper: CopyHelper,
  request: Pick<CopyRequest, 'destination'>,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof CancelledError) throw error
    const args = [request.destination]
    const result = await helper.exec({ script: 'rm -rf -- "$1"', args, deadlineMs: DISCARD_MS })
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

/** The staged copy, for messages. */
export function copyOf(request: Pick<CopyRequest, 'name'>): string {
  return `the copy of volume ${request.name}`
}

function pathOf(thing: { readonly path: string }): string {
  return thing.path
}
