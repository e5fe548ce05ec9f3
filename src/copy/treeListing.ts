/**
 * Writes and reads the list of everything that was copied of a volume: a line for each entry, for a restore to compare with. The same tree
 * gives the same text, on any file system and with any tools, as far as those keep times. Pure.
 *
 * A line has eight fields with a tab between them: type (`f` file, `d` directory, `l` link, `p` fifo, `s` socket, `b` and `c` device), mode in octal,
 * uid, gid, size (`-` for a directory), modification time (seconds, a dot, nine digits), SHA-256 (`-` if there is none) and path. A ninth
 * field is the target of a link (`> target`), the first path of a group of hard links (`= path`), or a device's numbers in hex (`8:1`). In
 * paths and targets a backslash, a control character and a byte that is not ASCII are written `\xNN`.
 */
import type { Entry, EntryType } from './listing.ts'

export interface ListedEntry {
  /** Latin1: one character for each byte. The root is `.`. */
  readonly path: string
  readonly type: EntryType
  /** The permissions, without the type. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Length in bytes; `null` for a directory. */
  readonly size: number | null
  /** Seconds since 1970 with nine digits behind the dot. */
  readonly mtime: string
  /** Hex; `null` if the contents were not read, or if it is no file. */
  readonly sha256: string | null
  /** Target of a symbolic link, latin1; `null` for any other entry. */
  readonly target: string | null
  /** The first path of the group of hard links to which this entry belongs; `null` if it is the first, or the only one. */
  readonly linkOf: string | null
  /** `major:minor` in hex; `null` if it is no device. */
  readonly device: string | null
}

const LETTERS: Readonly<Record<EntryType, string>> = {
  file: 'f',
  directory: 'd',
  link: 'l',
  fifo: 'p',
  socket: 's',
  block: 'b',
  character: 'c',
  unknown: '?',
}
const TYPES = new Map(Object.entries(LETTERS).map(([type, letter]) => [letter, type as EntryType]))

/** Facts about entries that no listing shows, by their paths (latin1). */
export interface MoreFacts {
  /** Targets of symbolic links. */
  readonly targets: ReadonlyMap<string, string>
  /** SHA-256 of files; empty if the contents were not read. */
  readonly hashes: ReadonlyMap<string, string>
}

/** Yields the lines of a list, sorted by path. */
export function* listingLines(entries: readonly Entry[], { targets, hashes }: MoreFacts): Generator<string> {
  const firsts = new Map<Entry['ino'], string>()
  const sorted = [...entries].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
  for (const entry of sorted) {
    const isLinked = entry.type !== 'directory' && entry.nlink > 1
    const first = isLinked ? firsts.get(entry.ino) : undefined
    if (isLinked && first === undefined) firsts.set(entry.ino, entry.path)
    const target = targets.get(entry.path)
    const more =
      target !== undefined
        ? `\t> ${escaped(target)}`
        : first !== undefined
          ? `\t= ${escaped(first)}`
          : entry.device !== ''
            ? `\t${entry.device}`
            : ''
    const fields = [
      LETTERS[entry.type],
      (entry.mode & 0o7777).toString(8).padStart(4, '0'),
      entry.uid,
      entry.gid,
      entry.type === 'directory' ? '-' : entry.size,
      `${entry.mtime}.${String(entry.mtimeNs).padStart(9, '0')}`,
      hashes.get(entry.path) ?? '-',
      escaped(entry.path),
    ]
    yield `${fields.join('\t')}${more}\n`
  }
}

/** Parses one line of a list, without its line end. Throws an `Error` if it is none. */
export function parseListingLine(line: string): ListedEntry {
  const [letter = '', mode = '', uid, gid, size = '', mtime = '', hash = '', path, more = ''] = line.split('\t')
  const type = TYPES.get(letter)
  if (type === undefined || path === undefined || !/^[0-7]+$/.test(mode) || !/^-?\d+\.\d{9}$/.test(mtime))
    throw new Error(`not a line of a volume's list: ${JSON.stringify(line.slice(0, 200))}`)
  return {
    path: unescaped(path),
    type,
    mode: Number.parseInt(mode, 8),
    uid: Number(uid),
    gid: Number(gid),
    size: size === '-' ? null : Number(size),
    mtime,
    sha256: hash === '-' ? null : hash,
    target: more.startsWith('> ') ? unescaped(more.slice(2)) : null,
    linkOf: more.startsWith('= ') ? unescaped(more.slice(2)) : null,
    device: /^[0-9a-f]+:[0-9a-f]+$/.test(more) ? more : null,
  }
}

function escaped(path: string): string {
  return path.replace(/[^ -[\]-~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

function unescaped(text: string): string {
  return text.replace(/\\x([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}
