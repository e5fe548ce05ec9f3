/**
 * Checks the archive formats of `pg_dump`: a custom archive must hold all data that its table of contents announces, and a tar archive must
 * be complete entry by entry.
 */

import type { DumpCheck } from '../engineContract.ts'
import { type Parser, type Parsing, parsedBy } from './streamParser.ts'

/** Makes a check for a tar archive: entries whose headers carry a checksum, then two blocks of zeros. */
export function tarArchive(): DumpCheck {
  return parsedBy(parseTar())
}

/** Makes a check for a custom archive. It has no end mark: its table of contents says how many blocks of data follow. */
export function customArchive(): DumpCheck {
  return parsedBy(parseCustom())
}

const TAR_BLOCK = 512
/** First byte and end (exclusive) of two numbers in a tar header: the size of its entry, and the sum of the header. Both are in octal digits. */
const TAR_SIZE = [124, 136] as const
const TAR_SUM = [148, 156] as const

function* parseTar(): Parser {
  let entry = 0
  for (; ; entry++) {
    const header = (yield { read: TAR_BLOCK }) as Buffer
    if (isZero(header)) break
    if (octal(header, TAR_SUM) !== sumOfHeader(header)) return `it is damaged (the header of its entry ${entry + 1})`
    const size = octal(header, TAR_SIZE)
    yield { skip: Math.ceil(size / TAR_BLOCK) * TAR_BLOCK }
  }
  if (entry === 0 || !isZero((yield { read: TAR_BLOCK }) as Buffer))
    return 'it does not end with the two empty blocks of a tar archive'
  // blocks of zeros may fill it up
  while ((yield { more: true }) as boolean)
    if (((yield { read: 1 }) as Buffer)[0] !== 0) return 'it goes on behind the end of its tar archive'
  return null
}

function isZero(block: Buffer): boolean {
  return block.every((byte) => byte === 0)
}

/** Parses a number of a tar header: octal digits, or binary if it is marked so; NaN if there is none. */
function octal(header: Buffer, [from, to]: readonly [number, number]): number {
  const first = header[from] ?? 0
  // sizes of 8 GiB and more are binary, marked by the first bit
  if (first === 0x80) return Number(header.readBigUInt64BE(to - 8))
  const digits = header
    .subarray(from, to)
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .trimStart()
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN
}

/** Sums all bytes of a tar header, with spaces in place of the sum itself. */
function sumOfHeader(header: Buffer): number {
  const [from, to] = TAR_SUM
  return header.reduce((sum, byte, at) => sum + (at >= from && at < to ? 0x20 : byte), 0)
}

/** The oldest and the newest archive version whose table of contents is known: those of PostgreSQL 9.0 and 18. */
const OLDEST_VERSION = 0x10c
const NEWEST_VERSION = 0x110
const CUSTOM_FORMAT = 1
const TABLE_DATA = 1
const LARGE_OBJECTS = 3

interface Layout {
  readonly version: number
  /** Number of bytes of an integer, without its sign. */
  readonly intBytes: number
  readonly offsetBytes: number
}

function* parseCustom(): Parser {
  const head = (yield { read: 11 }) as Buffer
  const layout: Layout = {
    version: ((head[5] ?? 0) << 8) | (head[6] ?? 0),
    intBytes: head[8] ?? 0,
    offsetBytes: head[9] ?? 0,
  }
  const { version, intBytes } = layout
  if (head[10] !== CUSTOM_FORMAT) return `it is a pg_dump archive of format ${head[10]}, not a custom one`
  if (version < OLDEST_VERSION || version > NEWEST_VERSION)
    return `it is a pg_dump archive of a version that cannot be checked (${version >> 8}.${version & 255}): use the plain format or --format=tar`
  if (intBytes < 1 || intBytes > 8) return `it is damaged (integers of ${intBytes} bytes)`
  yield* skipHeader(layout)
  const promised = yield* countPromised(layout)
  const found = yield* countBlocks(layout)
  if (typeof found === 'string') return found
  return found === promised
    ? null
    : `it holds ${found} of the ${promised} blocks of data that its table of contents names`
}

function* readInt({ intBytes }: Layout): Parsing<number> {
  const bytes = (yield { read: 1 + intBytes }) as Buffer
  const size = bytes.readUIntLE(1, Math.min(intBytes, 6))
  return bytes[0] === 0 ? size : -size
}

/** Skips a text. Returns false if the text is absent, which is not the same as empty. */
function* skipText(layout: Layout): Parsing<boolean> {
  const length = yield* readInt(layout)
  if (length > 0) yield { skip: length }
  return length >= 0
}

/** Skips data in pieces, each with its length before it, up to an empty piece. */
function* skipPieces(layout: Layout): Parsing<void> {
  for (let length = yield* readInt(layout); length !== 0; length = yield* readInt(layout)) yield { skip: length }
}

function* skipHeader(layout: Layout): Parsing<void> {
  if (layout.version >= 0x10f)
    yield { skip: 1 } // compression algorithm
  else yield* readInt(layout) // compression level
  for (let i = 0; i < 7; i++) yield* readInt(layout) // time of creation
  for (let i = 0; i < 3; i++) yield* skipText(layout) // database, server version, tool version
}

/** Reads the table of contents and counts its entries that announce a block of data. */
function* countPromised(layout: Layout): Parsing<number> {
  const { version, offsetBytes } = layout
  const entries = yield* readInt(layout)
  let promised = 0
  for (let entry = 0; entry < entries; entry++) {
    yield* readInt(layout) // id
    if ((yield* readInt(layout)) !== 0) promised++
    for (let i = 0; i < 4; i++) yield* skipText(layout) // table oid, oid, tag, description
    yield* readInt(layout) // section
    // definition, drop, copy, namespace, tablespace
    for (let i = 0; i < 5; i++) yield* skipText(layout)
    if (version >= 0x10e) yield* skipText(layout) // table access method
    if (version >= 0x110) yield* readInt(layout) // relation kind
    for (let i = 0; i < 2; i++) yield* skipText(layout) // owner, with oids
    while (yield* skipText(layout)) {} // dependencies, up to an absent one
    yield { skip: 1 + offsetBytes }
  }
  return promised
}

/** Counts the blocks of data up to the end of the dump, or says that one is damaged. */
function* countBlocks(layout: Layout): Parsing<number | string> {
  let found = 0
  while ((yield { more: true }) as boolean) {
    const kind = ((yield { read: 1 }) as Buffer)[0]
    yield* readInt(layout) // id
    if (kind === TABLE_DATA) yield* skipPieces(layout)
    else if (kind === LARGE_OBJECTS) {
      while ((yield* readInt(layout)) !== 0) yield* skipPieces(layout)
    } else return `it is damaged (a block of kind ${kind})`
    found++
  }
  return found
}
