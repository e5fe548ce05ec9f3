/** Compares a staged tree with its source's listing. Pure: it is given the staged entries as they are listed. */
import type { CopyTools } from './copyHelper.ts'
import { type Entry, type Listing, parentOf } from './listing.ts'

/** One path that differs. `what` continues a sentence that begins with the path. */
export interface Difference {
  readonly path: string
  readonly what: string
}

export interface Verifier {
  staged(entry: Entry): void
  end(): { readonly differences: readonly Difference[]; readonly files: number; readonly bytes: number }
}

/**
 * Makes a comparison of staged entries with `source`, in all that a listing shows and the tools keep. `staged` takes each staged entry,
 * `end` returns the result: `files` counts everything but directories; `bytes` is the sum of the file sizes, each inode once.
 */
export function verifier(source: Listing, tools: CopyTools): Verifier {
  const differences: Difference[] = []
  const seen = new Set<string>()
  const copyOf = new Map<Entry['ino'], Entry['ino']>()
  const originalOf = new Map<Entry['ino'], Entry['ino']>()
  const counted = new Set<Entry['ino']>()
  let files = 0
  let bytes = 0

  const linked = (original: Entry, copy: Entry): string | null => {
    if (original.type === 'directory' || (original.nlink < 2 && copy.nlink < 2)) return null
    const earlier = copyOf.get(original.ino) ?? copy.ino
    const other = originalOf.get(copy.ino) ?? original.ino
    copyOf.set(original.ino, earlier)
    originalOf.set(copy.ino, other)
    return earlier === copy.ino && other === original.ino ? null : 'is not hard-linked as its original is'
  }

  return {
    staged(entry) {
      if (entry.type !== 'directory') files++
      if (entry.type === 'file' && (entry.nlink < 2 || !counted.has(entry.ino))) bytes += entry.size
      if (entry.nlink > 1) counted.add(entry.ino)
      const original = source.get(entry.path)
      seen.add(entry.path)
      const what =
        original === undefined ? 'is in the copy only' : (differs(original, entry, tools) ?? linked(original, entry))
      if (what !== null) differences.push({ path: entry.path, what })
    },
    end() {
      for (const path of source.keys()) if (!seen.has(path)) differences.push({ path, what: 'is missing in the copy' })
      return { differences, files, bytes }
    },
  }
}

/**
 * Says how a copy differs from its original; `null` if they agree in all that a listing shows and the tools keep. Extended attributes are
 * not in a listing.
 */
export function differs(original: Entry, copy: Entry, tools: CopyTools): string | null {
  if (original.type !== copy.type) return `is a ${copy.type} where its original is a ${original.type}`
  if (original.type !== 'directory' && original.size !== copy.size)
    return `has ${copy.size} bytes where its original has ${original.size}`
  if (original.mode !== copy.mode) return `has mode ${octal(copy.mode)} where its original has ${octal(original.mode)}`
  if (original.uid !== copy.uid || original.gid !== copy.gid)
    return `belongs to ${copy.uid}:${copy.gid} where its original belongs to ${original.uid}:${original.gid}`
  if (original.device !== copy.device) return 'is another device node than its original'
  if (original.type === 'link' && !tools.linkTimes) return null
  if (original.mtime !== copy.mtime || (tools.nanoseconds && original.mtimeNs !== copy.mtimeNs))
    return 'has another modification time than its original'
  return null
}

/** Tells whether an inode is the same, unchanged, in two listings of a volume. It is not if `after` is missing. */
export function untouched(before: Entry, after: Entry | undefined): boolean {
  return (
    after !== undefined &&
    before.ino === after.ino &&
    before.type === after.type &&
    before.size === after.size &&
    before.mtime === after.mtime &&
    before.mtimeNs === after.mtimeNs &&
    before.ctime === after.ctime &&
    before.ctimeNs === after.ctimeNs
  )
}

/**
 * Returns the directories whose path may have led to another directory for a while, and all directories below them. A rename changes the
 * ctime of the directory and of the directory that holds it, so only those are returned where both changed (`isClean` is false). `entries`
 * has parents before children.
 */
export function rebound(entries: Iterable<Entry>, isClean: (directory: Entry) => boolean): ReadonlySet<string> {
  const suspect = new Set<string>()
  const moved = new Set<string>()
  for (const entry of entries) {
    if (entry.type !== 'directory') continue
    const parent = parentOf(entry.path)
    if (!isClean(entry)) moved.add(entry.path)
    // the root is a mount point: nobody can rename it
    if (entry.path !== '.' && (suspect.has(parent) || (moved.has(entry.path) && moved.has(parent))))
      suspect.add(entry.path)
  }
  return suspect
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0')
}
