/**
 * Checks the archive formats of `pg_dump`: a custom archive must hold all data that its table of contents announces, and a tar archive must
 * be complete entry by entry.
 */

import type { DumpCheck } from '../engineContract.ts'
import { type ArchiveEntry, type ArchiveRows, archiveRows } from '../rows/archiveRows.ts'
import { type Parser, type Parsing, parsedBy } from './streamParser.ts'

/** Makes a check for a tar archive: entries whose headers carry a checksum, then two blocks of zeros. */
export function tarArchive(): DumpCheck {
  return counting(parseTar)
}

/** Makes a check for a custom archive. It has no end mark: its table of contents says how many blocks of data follow. */
export function customArchive(): DumpCheck {
  return counting(parseCustom)
}

interface Found {
  readonly rows: ArchiveRows
  serverVersion: string
}

/** Makes a check that also counts the rows. */
function counting(parse: (found: Found) => Parser): DumpCheck {
  const found: Found = { rows: archiveRows(), serverVersion: '' }
  const check = parsedBy(parse(found), () => ({
    counted: found.rows.end(),
    ...(found.serverVersion !== '' && { serverVersion: found.serverVersion }),
  }))
  return {
    async pass(chunk) {
      const passed = check.pass(chunk)
      await found.rows.drain()
      return passed
    },
    async end() {
      await found.rows.drain()
      return check.end()
    },
  }
}

const TAR_BLOCK = 512
/**
 * First byte and end (exclusive) of two numbers in a tar header: the size of its entry, and the sum of the header. Both are in octal
 * digits; a size of 8 GiB and more is binary.
 */
const TAR_SIZE = [124, 136] as const
const TAR_SUM = [148, 156] as const

function* parseTar(found: Found): Parser {
  const tables = new Map<string, ArchiveEntry>()
  let entry = 0
  for (; ; entry++) {
    const header = (yield { read: TAR_BLOCK }) as Buffer
    if (isZero(header)) break
    if (octal(header, TAR_SUM) !== sumOfHeader(header)) return `it is damaged (the header of its entry ${entry + 1})`
    const size = octal(header, TAR_SIZE)
    const name = header.toString('latin1', 0, TAR_NAME_BYTES).replace(/\0.*$/s, '')
    yield* tarEntry(found, tables, { name, size })
    yield { skip: Math.ceil(size / TAR_BLOCK) * TAR_BLOCK - size }
  }
  if (entry === 0 || !isZero((yield { read: TAR_BLOCK }) as Buffer))
    return 'it does not end with the two empty blocks of a tar archive'
  // blocks of zeros may fill it up
  while ((yield { more: true }) as boolean)
    if (((yield { read: 1 }) as Buffer)[0] !== 0) return 'it goes on behind the end of its tar archive'
  return null
}

const TAR_NAME_BYTES = 100
/** Largest table of contents of a tar archive that is read, bytes. */
const MOST_CONTENTS = 32 << 20
const PIECE_BYTES = 64 << 10

/** Reads the content of an entry: the table of contents, the data of a table, or something else, which is skipped. */
function* tarEntry(
  found: Found,
  tables: Map<string, ArchiveEntry>,
  { name, size }: { readonly name: string; readonly size: number },
): Parsing<void> {
  const { rows } = found
  const table = tables.get(name)
  if (name === 'toc.dat') {
    if (size > MOST_CONTENTS) rows.giveUp('its table of contents is too long')
    else {
      const contents = (yield { read: size }) as Buffer
      const why = parseWhole(
        contents,
        readContents(found, (one) => tables.set(one.file, one)),
      )
      if (why !== null) rows.giveUp(why)
      return
    }
  }
  if (table === undefined) {
    yield { skip: size }
    return
  }
  rows.table(table)
  for (let left = size; left > 0; ) {
    const piece = Math.min(left, PIECE_BYTES)
    rows.data((yield { read: piece }) as Buffer, false)
    left -= piece
  }
}

/** Reads the header and the table of contents of a tar archive. Returns why they cannot be read; `null` if they could. */
function* readContents(found: Found, onTable: (entry: ArchiveEntry) => void): Parser {
  const layout = layoutOf((yield { read: 11 }) as Buffer)
  if (layout.version < OLDEST_VERSION || layout.version > NEWEST_VERSION || layout.intBytes < 1 || layout.intBytes > 8)
    return 'its table of contents is of a version that is not known'
  yield* readHeader(layout, found)
  yield* readEntries(layout, found, (entry) => {
    if (entry.kind === TABLE_CONTENT) onTable(entry)
  })
  return null
}

/** Gives a parser bytes that are all there. Returns its words. */
function parseWhole(bytes: Buffer, parser: Parser): string | null {
  let at = 0
  let step = parser.next()
  while (!step.done) {
    const want = step.value
    const size = 'read' in want ? want.read : 'skip' in want ? want.skip : 0
    if (size < 0 || at + size > bytes.length) return 'its table of contents is damaged'
    step = parser.next('read' in want ? bytes.subarray(at, at + size) : at < bytes.length)
    at += size
  }
  return step.value
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

/** The kind of the entries that hold the rows of tables. */
const TABLE_CONTENT = 'TABLE DATA'

interface Layout {
  readonly version: number
  /** The number of the format: 1 custom, 3 tar. */
  readonly format: number
  /** Number of bytes of an integer, without its sign. */
  readonly intBytes: number
  readonly offsetBytes: number
}

function layoutOf(head: Buffer): Layout {
  return {
    version: ((head[5] ?? 0) << 8) | (head[6] ?? 0),
    intBytes: head[8] ?? 0,
    offsetBytes: head[9] ?? 0,
    format: head[10] ?? 0,
  }
}

function* parseCustom(found: Found): Parser {
  const layout = layoutOf((yield { read: 11 }) as Buffer)
  const { version, intBytes, format } = layout
  if (format !== CUSTOM_FORMAT) return `it is a pg_dump archive of format ${format}, not a custom one`
  if (version < OLDEST_VERSION || version > NEWEST_VERSION)
    return `it is a pg_dump archive of a version that cannot be checked (${version >> 8}.${version & 255}): use the plain format or --format=tar`
  if (intBytes < 1 || intBytes > 8) return `it is damaged (integers of ${intBytes} bytes)`
  const compression = yield* readHeader(layout, found)
  if (compression === 'other') found.rows.giveUp('its data is compressed, and not by gzip')
  const tables = new Map<number, ArchiveEntry>()
  const promised = yield* readEntries(layout, found, (entry) => {
    if (entry.kind === TABLE_CONTENT) tables.set(entry.id, entry)
  })
  const blocks = yield* countBlocks(layout, (id) => {
    const table = tables.get(id)
    return table === undefined || compression === 'other' ? null : tableSink(found.rows, table, compression === 'gzip')
  })
  if (typeof blocks === 'string') return blocks
  return blocks === promised
    ? null
    : `it holds ${blocks} of the ${promised} blocks of data that its table of contents names`
}

/** Takes the data of one table. */
interface TableSink {
  readonly piece: (bytes: Buffer) => void
  readonly end: () => void
}

function tableSink(rows: ArchiveRows, table: ArchiveEntry, isDeflated: boolean): TableSink {
  rows.table(table)
  return { piece: (bytes) => rows.data(bytes, isDeflated), end: rows.endTable }
}

function* readInt({ intBytes }: Layout): Parsing<number> {
  const bytes = (yield { read: 1 + intBytes }) as Buffer
  const size = bytes.readUIntLE(1, Math.min(intBytes, 6))
  return bytes[0] === 0 ? size : -size
}

/** Reads a text; `null` if it is absent, which is not the same as empty. */
function* readText(layout: Layout): Parsing<string | null> {
  const length = yield* readInt(layout)
  if (length < 0) return null
  return length === 0 ? '' : ((yield { read: length }) as Buffer).toString('utf8')
}

/** Skips a text. Returns false if the text is absent. */
function* skipText(layout: Layout): Parsing<boolean> {
  const length = yield* readInt(layout)
  if (length > 0) yield { skip: length }
  return length >= 0
}

/** Reads data in pieces, each with its length before it, up to an empty piece. Without a sink they are skipped. */
function* readPieces(layout: Layout, sink: TableSink | null): Parsing<void> {
  for (let length = yield* readInt(layout); length !== 0; length = yield* readInt(layout)) {
    if (sink === null || length < 0) yield { skip: length }
    else {
      for (let left = length; left > 0; left -= PIECE_BYTES)
        sink.piece((yield { read: Math.min(left, PIECE_BYTES) }) as Buffer)
    }
  }
  sink?.end()
}

/** Reads the rest of the header. Returns how the data of tables is compressed. */
function* readHeader(layout: Layout, found: Pick<Found, 'serverVersion'>): Parsing<'none' | 'gzip' | 'other'> {
  let compression: 'none' | 'gzip' | 'other'
  if (layout.version >= 0x10f) {
    const [algorithm] = (yield { read: 1 }) as Buffer
    compression = algorithm === 0 ? 'none' : algorithm === 1 ? 'gzip' : 'other'
  } else compression = (yield* readInt(layout)) === 0 ? 'none' : 'gzip' // a level
  for (let i = 0; i < 7; i++) yield* readInt(layout) // time of creation
  yield* skipText(layout) // database
  found.serverVersion = (yield* readText(layout)) ?? ''
  yield* skipText(layout) // tool version
  return compression
}

/** Reads the table of contents, and returns how many of its entries announce a block of data. */
function* readEntries(
  layout: Layout,
  { rows }: Pick<Found, 'rows'>,
  onEntry: (entry: ArchiveEntry) => void,
): Parsing<number> {
  const entries = yield* readInt(layout)
  let promised = 0
  for (let number = 0; number < entries; number++) {
    const id = yield* readInt(layout)
    if ((yield* readInt(layout)) !== 0) promised++
    for (let i = 0; i < 3; i++) yield* skipText(layout) // table oid, oid, tag
    const kind = (yield* readText(layout)) ?? ''
    yield* readInt(layout) // section
    const statement = (yield* readText(layout)) ?? ''
    yield* skipText(layout) // drop
    const copy = (yield* readText(layout)) ?? ''
    const file = yield* readEntryEnd(layout)
    const entry = { id, kind, statement, copy, file }
    rows.entry(entry)
    onEntry(entry)
  }
  return promised
}

/** Reads the rest of an entry. Returns the name of the file with its data; empty in a custom archive. */
function* readEntryEnd(layout: Layout): Parsing<string> {
  const { version, offsetBytes, format } = layout
  for (let i = 0; i < 2; i++) yield* skipText(layout) // namespace, tablespace
  if (version >= 0x10e) yield* skipText(layout) // table access method
  if (version >= 0x110) yield* readInt(layout) // relation kind
  for (let i = 0; i < 2; i++) yield* skipText(layout) // owner, with oids
  while (yield* skipText(layout)) {} // dependencies, up to an absent one
  if (format !== CUSTOM_FORMAT) return (yield* readText(layout)) ?? ''
  yield { skip: 1 + offsetBytes }
  return ''
}

/** Counts the blocks of data up to the end of the dump, or says that one is damaged. `sinkOf` returns who takes a block's data. */
function* countBlocks(layout: Layout, sinkOf: (id: number) => TableSink | null): Parsing<number | string> {
  let found = 0
  while ((yield { more: true }) as boolean) {
    const kind = ((yield { read: 1 }) as Buffer)[0]
    const id = yield* readInt(layout)
    if (kind === TABLE_DATA) yield* readPieces(layout, sinkOf(id))
    else if (kind === LARGE_OBJECTS) {
      while ((yield* readInt(layout)) !== 0) yield* readPieces(layout, null)
    } else return `it is damaged (a block of kind ${kind})`
    found++
  }
  return found
}
