/** Entries of a listing for tests: what is left out is ordinary. */

import type { CopyTools } from '../../src/copy/copyHelper.ts'
import type { Entry, EntryType, Listing } from '../../src/copy/listing.ts'

const TYPE_BITS: Readonly<Record<EntryType, number>> = {
  file: 0o100000,
  directory: 0o040000,
  link: 0o120000,
  fifo: 0o010000,
  socket: 0o140000,
  block: 0o060000,
  character: 0o020000,
  unknown: 0,
}

let inode = 1000

/** An old file of 10 bytes with an inode of its own. */
export function file(path: string, over: Partial<Entry> = {}): Entry {
  const type = over.type ?? 'file'
  return {
    path,
    type,
    mode: TYPE_BITS[type] | 0o644,
    dev: 1,
    ino: ++inode,
    size: 10,
    blocks: 8,
    nlink: 1,
    uid: 0,
    gid: 0,
    mtime: 100,
    mtimeNs: 5,
    ctime: 100,
    ctimeNs: 5,
    device: '',
    ...over,
  }
}

export function directory(path: string, over: Partial<Entry> = {}): Entry {
  return file(path, { type: 'directory', size: 4096, nlink: 2, ...over })
}

/** The entries by path, with a root before them. */
export function listing(...entries: readonly Entry[]): Listing {
  return new Map([directory('.', { ino: 2 }), ...entries].map((entry) => [entry.path, entry]))
}

/** Tools that keep everything. */
export const GNU: CopyTools = {
  flavour: 'gnu',
  nanoseconds: true,
  linkTimes: true,
  linkedOthers: true,
  holes: true,
  xattrs: true,
  syncOne: true,
  base64: true,
  tarOptions: [],
  warnings: [],
}
