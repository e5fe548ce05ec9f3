/** Selects the entries of a volume's listing that are copied, by `paths` and `exclude`. Pure. */
import ignore, { type Ignore } from 'ignore'
import { InstanceError } from '../errors.ts'
import { bytesOf, type Entry, type Listing, parentOf, withAbove } from './listing.ts'
import { linkedPath, missingPath } from './pathErrors.ts'
import { shownPath } from './readable.ts'

export interface SelectionRequest {
  /** The volume's name, for messages. */
  readonly name: string
  /** Paths to copy, as the user wrote them: UTF-8, relative, normalised. Empty: the whole volume. */
  readonly paths: readonly string[]
  /** Patterns by gitignore's rules, relative to the volume's root. */
  readonly exclude: readonly string[]
}

export interface Selection {
  /** The entries to copy, a directory before its content. The root and the directories above a path are among them. */
  readonly entries: Listing
  /** The trees that `cp -a` can copy whole: the paths, or the root. `null` if something was excluded, so that entries must be copied by name. */
  readonly trees: readonly string[] | null
  /** True if nothing is selected but the root and the directories at and above the paths. */
  readonly empty: boolean
}

/**
 * Applies `paths` and `exclude`. Throws `InstanceError` for a path that does not exist, is a symbolic link or leads through one, or is
 * excluded by the target's own `exclude`; and for a selected entry on another device than the root: it cannot be part of a copy of one
 * moment, and must not be left out in silence.
 */
export function select(listing: Listing, wanted: SelectionRequest): Selection {
  const roots = wanted.paths.length === 0 ? ['.'] : wanted.paths.map(bytesOf)
  for (const path of roots) refusePath(listing, path, wanted.name)
  const above = new Set(withAbove(roots))

  const excluded = excluder(wanted.exclude)
  const entries = new Map<string, Entry>()
  const device = listing.get('.')?.dev
  let left = 0
  for (const entry of listing.values()) {
    if (entry.path !== '.') {
      if (!entries.has(parentOf(entry.path))) continue // what is in an excluded directory cannot come back, as in git
      if (excluded(entry)) continue
    }
    if (entry.dev !== device)
      throw new InstanceError(
        `${shownPath(entry.path)} in volume ${wanted.name} lies on another device than the volume's root (something is mounted there, or it is a subvolume), and would not be copied with it: exclude it`,
      )
    entries.set(entry.path, entry)
    if (!above.has(entry.path) || entry.type !== 'directory') left++
  }
  for (const path of roots)
    if (!entries.has(path))
      throw new InstanceError(
        `path ${shownPath(path)} of volume ${wanted.name} is taken out by the target's own "exclude"`,
      )
  return {
    entries,
    trees: entries.size === listing.size ? roots : null,
    empty: left === 0,
  }
}

function refusePath(listing: Listing, path: string, name: string): void {
  for (const step of withAbove([path])) {
    const entry = listing.get(step)
    if (entry?.type === 'link') throw new InstanceError(linkedPath(name, path, step))
  }
  if (!listing.has(path)) throw new InstanceError(missingPath(name, path))
}

/**
 * Number of questions after which a new matcher is made: the `ignore` package remembers every path that it was asked about, and would fill
 * the memory.
 */
const ASKED_BEFORE_RENEWAL = 10_000

/**
 * Makes a matcher by gitignore's rules that works on bytes, as git does: patterns become latin1 strings like the names. It must not be
 * asked about the content of an excluded directory.
 */
function excluder(patterns: readonly string[]): (entry: Entry) => boolean {
  if (patterns.length === 0) return () => false
  const rules = patterns.map(bytesOf)
  const renew = (): Ignore => ignore({ ignorecase: false }).add(rules)
  let matcher = renew()
  let asked = 0
  return (entry) => {
    if (++asked % ASKED_BEFORE_RENEWAL === 0) matcher = renew()
    return matcher.ignores(entry.type === 'directory' ? `${entry.path}/` : entry.path)
  }
}
