/**
 * Decides which staged paths the second pass must bring up to date. Pure.
 *
 * Before the stop: `sync -f` on the source, a list (`first`), a copy while applications write. After it: a list again (`second`),
 * and what this module says. The staged tree then equals the stopped volume, path for path and byte for byte. Why:
 *
 * 1. **A file that changed moves its ctime.** Content, owner, mode, attributes, its links and its own name: each sets ctime to the
 *    clock of the engine's host, and nothing can set it back. The one exception is a write through `mmap` to a page that is dirty
 *    already; `sync` writes such pages out and protects them anew, so that from then on the next write moves ctime. What was
 *    written before that is in the page cache when the copy begins, after the sync. So an inode whose ctime is older than the *start* of
 *    the sync held the same content during the whole first pass, and still does. Clocks are coarse and a stamp is taken before the
 *    change is seen, hence two seconds less (git's rule for the "racily clean"), and less what the clock was set back meanwhile.
 * 2. **A path that still leads to that inode may have led elsewhere meanwhile**: rename `a` away, another directory to `a`, and all
 *    back, while `cp` was below `a`. A file's own rename moves its ctime (1). A directory's rename moves its own ctime *and* that of the
 *    directory that holds it. So a directory is rebound only where both moved, and everything below it is then copied again. (An
 *    application that makes files in a directory moves that directory's ctime only.)
 * 3. **The staged entry must look like its original**, as far as the tools keep it, or the first pass did not copy it.
 * 4. **Nothing is written in place.** What is copied again is removed first, so that no other hard link of the old copy sees it; a group
 *    of hard links is copied as one, when any of it must be. A directory gets its owner, mode and times last; where it carries
 *    extended attributes it is made anew, since none of the tools takes one off.
 *
 * It holds on ext4, xfs and btrfs. tmpfs moves no ctime for `mmap`, network file systems have another host's clock, FAT has no ctime,
 * overlayfs changes inodes as it goes: there it is one pass, stopped.
 */
import type { CopyTools } from './copyHelper.ts'
import { type ClockReading, type Entry, type Listing, parentOf } from './listing.ts'
import { differs, rebound, untouched } from './verify.ts'
import { batchCopies, linkGroups, type WorkList } from './worklist.ts'

/** `f_type` (hex) of the file systems for which the proof above holds: ext4, xfs and btrfs. */
const KNOWN = new Set(['ef53', '58465342', '9123683e'])

/** Tells whether two passes are exact on a file system. `type` is the hex number that `stat -f -c %t` prints. */
export function isKnownFileSystem(type: string): boolean {
  return KNOWN.has(type.toLowerCase())
}

const RACY_SECONDS = 2

/**
 * Returns the second since 1970 from which on a ctime is too young to be trusted. `syncStarted` is read before the sync begins, `listed`
 * when the second list is made. Fractions are cut off, so up to one second may wrongly count as set back; that errs to the safe side.
 */
export function trustedBefore(syncStarted: ClockReading, listed: ClockReading): number {
  const setBack = Math.max(0, listed.uptime - syncStarted.uptime - (listed.now - syncStarted.now))
  return Math.floor(syncStarted.now - RACY_SECONDS - setBack)
}

export interface TwoListings {
  /** The selection before the first pass. */
  readonly first: Listing
  /** The selection after the stop, when nobody writes; each directory comes before its content. */
  readonly second: Listing
  /** The staged tree after the first pass. */
  readonly staged: Listing
  /** The result of `trustedBefore`. */
  readonly trusted: number
  /** True if staged directories carry extended attributes or access control lists. */
  readonly attributed: boolean
}

/** Makes the work list that brings the staged tree up to date. All its lists are empty if nothing changed. */
export function planSecondPass(passes: TwoListings, tools: CopyTools): WorkList {
  const { second, staged } = passes
  const suspect = rebound(second.values(), (entry) => isClean(entry, passes))
  const copies: Entry[] = []
  for (const group of linkGroups(second.values()))
    if (!isStaged(group, passes, tools) || group.some((entry) => suspect.has(parentOf(entry.path))))
      copies.push(...group)

  const again = new Set(copies.map((entry) => entry.path))
  const remove = removals(passes, again)
  const directories: string[] = []
  const renew: string[] = []
  const attributes = new Set([...remove, ...again].map(parentOf))
  for (const entry of second.values()) {
    if (entry.type !== 'directory') continue
    const copy = staged.get(entry.path)
    if (copy?.type !== 'directory') {
      directories.push(entry.path)
      attributes.add(entry.path).add(parentOf(entry.path))
    } else if (!isClean(entry, passes) || suspect.has(entry.path) || differs(entry, copy, tools) !== null) {
      attributes.add(entry.path)
      renew.push(entry.path)
    }
  }
  if (passes.attributed) for (const path of renew) attributes.add(parentOf(path))
  return {
    remove,
    renew: passes.attributed ? renew : [],
    directories,
    ...batchCopies(copies, tools),
    // a directory that is gone was removed with its content
    attributes: [...attributes].filter((path) => second.get(path)?.type === 'directory'),
  }
}

/** Tells whether the entry's inode is certainly unchanged since before the first pass. */
function isClean(entry: Entry, { first, trusted }: TwoListings): boolean {
  const before = first.get(entry.path)
  return before !== undefined && untouched(before, entry) && entry.ctime < trusted
}

/** Tells whether all hard links to one inode are in the staged tree as they should be, and no others. */
function isStaged(group: readonly Entry[], passes: TwoListings, tools: CopyTools): boolean {
  const copies = group.map((entry) => passes.staged.get(entry.path))
  const inode = copies[0]?.ino
  return group.every((entry, index) => {
    const copy = copies[index]
    return (
      copy !== undefined &&
      copy.ino === inode &&
      copy.nlink === group.length &&
      isClean(entry, passes) &&
      differs(entry, copy, tools) === null
    )
  })
}

/** Returns the staged paths that must be removed: gone, of another type now, or about to be copied again. Nothing below a removed path is named. */
function removals({ second, staged }: TwoListings, again: ReadonlySet<string>): string[] {
  const gone = new Set<string>()
  const top: string[] = []
  for (const copy of staged.values()) {
    if (copy.path === '.') continue
    const original = second.get(copy.path)
    const stays = original?.type === copy.type && !again.has(copy.path)
    if (gone.has(parentOf(copy.path))) gone.add(copy.path)
    else if (!stays) {
      gone.add(copy.path)
      top.push(copy.path)
    }
  }
  return top
}
