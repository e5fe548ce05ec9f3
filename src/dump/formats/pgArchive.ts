/** The archive formats of `pg_dump`: whether a custom archive holds all that its table of contents promises, and whether a tar archive ends. */

import type { DumpCheck } from '../engines/contract.ts'
import { type Parser, parseStream } from './streamParser.ts'
import { keepTail } from './text.ts'

/** A tar archive ends with two blocks of zeros. */
export function tarArchive(): DumpCheck {
  const tail = keepTail(1024)
  return {
    pass(chunk) {
      tail.add(chunk)
      return chunk
    },
    async end() {
      const end = tail.bytes()
      const whole = end.length === 1024 && end.every((byte) => byte === 0)
      return {
        rest: Buffer.alloc(0),
        missing: whole ? null : 'it does not end with the two empty blocks of a tar archive',
      }
    },
  }
}

/** A custom archive has no end of its own: its table of contents says how many blocks of data follow. */
export function customArchive(): DumpCheck {
  return parseStream(archive())
}

/** The versions whose table of contents is known: PostgreSQL 9.0 to 18. */
const OLDEST = 0x10c
const NEWEST = 0x110
const CUSTOM = 1
const DATA = 1
const LARGE_OBJECTS = 3

function* archive(): Parser {
  const head = (yield { read: 11 }) as Buffer
  const version = ((head[5] ?? 0) << 8) | (head[6] ?? 0)
  const intSize = head[8] ?? 0
  const offsetSize = head[9] ?? 0
  if (head[10] !== CUSTOM) return `it is a pg_dump archive of format ${head[10]}, not a custom one`
  if (version < OLDEST || version > NEWEST)
    return `it is a pg_dump archive of a version that cannot be checked (${version >> 8}.${version & 255}): use the plain format or --format=tar`
  if (intSize < 1 || intSize > 8) return `it is damaged (integers of ${intSize} bytes)`

  function* int(): Generator<{ read: number }, number, Buffer | boolean> {
    const bytes = (yield { read: 1 + intSize }) as Buffer
    const size = bytes.readUIntLE(1, Math.min(intSize, 6))
    return bytes[0] === 0 ? size : -size
  }
  function* text(): Generator<{ read: number } | { skip: number }, boolean, Buffer | boolean> {
    const length = yield* int()
    if (length > 0) yield { skip: length }
    return length >= 0
  }
  /** Pieces with their length before them, the last one empty. */
  function* pieces(): Generator<{ read: number } | { skip: number }, void, Buffer | boolean> {
    for (let length = yield* int(); length > 0; length = yield* int()) yield { skip: length }
  }

  if (version >= 0x10f)
    yield { skip: 1 } // compression algorithm
  else yield* int() // compression level
  for (let i = 0; i < 7; i++) yield* int() // time of creation
  for (let i = 0; i < 3; i++) yield* text() // database, server version, tool version

  const entries = yield* int()
  let promised = 0
  for (let entry = 0; entry < entries; entry++) {
    yield* int() // id
    if ((yield* int()) !== 0) promised++
    for (let i = 0; i < 4; i++) yield* text() // table oid, oid, tag, description
    yield* int() // section
    // definition, drop, copy, namespace, tablespace
    for (let i = 0; i < 5; i++) yield* text()
    if (version >= 0x10e) yield* text() // table access method
    if (version >= 0x110) yield* int() // relation kind
    for (let i = 0; i < 2; i++) yield* text() // owner, with oids
    while (yield* text()) {} // dependencies, up to an absent one
    yield { skip: 1 + offsetSize }
  }

  let found = 0
  while ((yield { more: true }) as boolean) {
    const kind = ((yield { read: 1 }) as Buffer)[0]
    yield* int() // id
    if (kind === DATA) yield* pieces()
    else if (kind === LARGE_OBJECTS) {
      while ((yield* int()) !== 0) yield* pieces()
    } else return `it is damaged (a block of kind ${kind})`
    found++
  }
  return found === promised
    ? null
    : `it holds ${found} of the ${promised} blocks of data that its table of contents names`
}
