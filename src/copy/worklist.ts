/** Makes lists of what is done to a staged tree. Fixed scripts work through them: no file name ever becomes part of a script. Pure. */
import { pack } from 'tar-stream'
import type { CopyTools } from './copyHelper.ts'
import { dotted, type Entry, pathOf } from './listing.ts'

export interface WorkList {
  /** Paths that are removed from the staged tree, with everything below. */
  readonly remove: readonly string[]
  /** Directories that are made in the staged tree, parents first. */
  readonly directories: readonly string[]
  /**
   * Paths for one `cp -a --parents` each. Hard links to one inode are in the same list, or in `links`. A directory is copied with everything
   * below.
   */
  readonly copies: readonly (readonly string[])[]
  /**
   * Pairs of a staged path and a hard link to it, made after the copies. They stand for links that `cp` does not keep, and for groups too long
   * for one `cp`.
   */
  readonly links: readonly (readonly [string, string])[]
  /** Staged directories that are replaced by new ones with the same content: no tool removes an extended attribute that the original has lost. */
  readonly renew: readonly string[]
  /** Directories that get the owner, mode, times and attributes of their originals, after everything else. */
  readonly attributes: readonly string[]
}

/** Bytes of names that one process is given; every kernel takes at least 128 KiB. */
const BATCH_BYTES = 100_000

/**
 * Makes `cp` lists of everything that is not a directory, each short enough for one process, with hard links to one inode side by side; and
 * the links to make afterwards.
 */
export function batchCopies(entries: Iterable<Entry>, tools: CopyTools): Pick<WorkList, 'copies' | 'links'> {
  const copies: string[][] = []
  const links: [string, string][] = []
  let batch: string[] = []
  let bytes = 0
  for (const [now, later] of portions(entries, tools, links)) {
    const size = sizeOf(now)
    if (bytes + size > BATCH_BYTES && batch.length > 0) {
      copies.push(batch)
      batch = []
      bytes = 0
    }
    batch.push(...now)
    bytes += size
    for (const path of later) links.push([now[0] as string, path])
  }
  if (batch.length > 0) copies.push(batch)
  return { copies, links }
}

/**
 * Yields pairs: the paths that one `cp` must copy together, and those that are linked to the first of them afterwards. Adds to `links` what
 * `cp` copies without linking.
 */
function* portions(
  entries: Iterable<Entry>,
  tools: CopyTools,
  links: [string, string][],
): Generator<readonly [string[], string[]]> {
  for (const group of linkGroups(entries)) {
    const paths = group.map(pathOf)
    if (tools.linkedOthers || group[0]?.type === 'file') yield cut(paths)
    else {
      for (const path of paths) yield [[path], []]
      for (const path of paths.slice(1)) links.push([paths[0] as string, path])
    }
  }
}

/** Splits paths into batches that one process can take. */
export function batchPaths(paths: readonly string[]): string[][] {
  const batches: string[][] = []
  let bytes = 0
  for (const path of paths) {
    const size = sizeOf([path])
    if (batches.length === 0 || bytes + size > BATCH_BYTES) {
      batches.push([])
      bytes = 0
    }
    batches.at(-1)?.push(path)
    bytes += size
  }
  return batches
}

/** Returns the links to make after whole trees were copied by a `cp` that keeps hard links of regular files only. */
export function relinked(entries: Iterable<Entry>): [string, string][] {
  const links: [string, string][] = []
  for (const [first, ...others] of linkGroups(entries))
    if (first !== undefined && first.type !== 'file') for (const other of others) links.push([first.path, other.path])
  return links
}

/** Groups entries by inode: a single entry, or all hard links to one inode among the entries. Directories are left out. */
export function* linkGroups(entries: Iterable<Entry>): Generator<Entry[]> {
  const groups = new Map<Entry['ino'], Entry[]>()
  for (const entry of entries) {
    if (entry.type === 'directory') continue
    if (entry.nlink < 2) {
      yield [entry]
      continue
    }
    const group = groups.get(entry.ino)
    if (group) group.push(entry)
    else groups.set(entry.ino, [entry])
  }
  yield* groups.values()
}

function cut(group: string[]): [string[], string[]] {
  let bytes = 0
  const end = group.findIndex((path) => {
    bytes += sizeOf([path])
    return bytes > BATCH_BYTES
  })
  return end === -1 ? [group, []] : [group.slice(0, end), group.slice(end)]
}

function sizeOf(paths: readonly string[]): number {
  return paths.reduce((sum, path) => sum + dotted(path).length + 1, 0)
}

/** Packs the lists into a tar archive of NUL-separated files, which the helper's own `tar` unpacks. */
export async function packWork(work: WorkList): Promise<Buffer> {
  const archive = pack()
  const add = (name: string, paths: readonly string[]) =>
    archive.entry({ name, mode: 0o600 }, Buffer.from(paths.map((path) => `${dotted(path)}\0`).join(''), 'latin1'))
  if (work.remove.length > 0) add('remove', work.remove)
  if (work.directories.length > 0) add('directories', work.directories)
  for (const [index, batch] of work.copies.entries()) add(`copy.${ordinal(index)}`, batch)
  if (work.links.length > 0) add('links', work.links.flat())
  if (work.renew.length > 0) add('renew', work.renew)
  for (const [index, batch] of batchPaths(work.attributes).entries()) add(`attributes.${ordinal(index)}`, batch)
  archive.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of archive as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Writes a number with leading zeros, so that a shell's `*` finds the lists in their order. */
function ordinal(index: number): string {
  return String(index).padStart(7, '0')
}
