/**
 * Checks the archive format of `mongodump`: every collection that the archive announces must come to its end, with the right checksum if it
 * has one.
 */
import { z } from 'zod'
import type { DumpCheck } from '../engineContract.ts'
import { type Tally, tally } from '../rows/tally.ts'
import { crc64, ECMA } from './crc64.ts'
import { type Parser, type Parsing, parsedBy } from './streamParser.ts'

const MAGIC = 0x8199e26d
const END_OF_BLOCK = -1
const SMALLEST_DOCUMENT = 5
/** Largest BSON document, bytes: 16 MiB and what the server adds. */
const LARGEST_DOCUMENT = 17 << 20

/**
 * Makes a check for an archive. An archive consists of blocks of documents; the last block of each collection is a header that marks its
 * end, and nothing follows the last collection.
 */
export function mongoArchive(): DumpCheck {
  const found = { counts: tally(), serverVersion: '' }
  return parsedBy(parseArchive(found), () => ({
    counted: found.counts.end(),
    ...(found.serverVersion !== '' && { serverVersion: found.serverVersion }),
  }))
}

interface Found {
  /** Documents by collection. */
  readonly counts: Tally
  serverVersion: string
}

type Checksum = ReturnType<typeof crc64>

function* parseArchive(found: Found): Parser {
  if (((yield { read: 4 }) as Buffer).readUInt32LE(0) !== MAGIC) return 'it is not a mongodump archive'
  const announced = new Set<string>()
  const versions = yield* document()
  if (versions !== null) found.serverVersion = stringField(versions, 'server_version')
  for (let entry = yield* document(); entry !== null; entry = yield* document()) {
    if (typeOf(entry) === 'view') continue // it has no data
    announced.add(namespaceOf(entry))
    listCollection(found.counts, entry)
  }
  const open = new Map<string, Checksum>()
  while ((yield { more: true }) as boolean) {
    const header = yield* document()
    if (header === null) return 'it is damaged (a block without a header)'
    const name = namespaceOf(header)
    if (name === '.') return 'it is damaged (a block of no collection)'
    const sum = open.get(name) ?? crc64(ECMA)
    if (endsCollection(header)) {
      const written = checksumOf(header)
      if (written !== null && !written.equals(sum.digest()))
        return `it is damaged (the checksum of collection ${name} is another)`
      open.delete(name)
      announced.delete(name)
      announced.delete(name.replace('.system.buckets.', '.')) // a time series is announced by its own name
    } else open.set(name, sum)
    let documents = 0
    for (let data = yield* document(); data !== null; data = yield* document()) {
      sum.update(data)
      documents++
    }
    countDocuments(found.counts, header, documents)
  }
  const lacking = [...new Set([...open.keys(), ...announced])]
  return lacking.length === 0 ? null : `collection ${lacking.slice(0, 3).join(', ')} does not come to its end`
}

/**
 * Reads one document with its length; `null` at the end of a block. If no document can have that length, the dump counts as damaged (a
 * `read` of -1).
 */
function* document(): Parsing<Buffer | null> {
  const head = (yield { read: 4 }) as Buffer
  const size = head.readInt32LE(0)
  if (size === END_OF_BLOCK) return null
  const isPossible = size >= SMALLEST_DOCUMENT && size <= LARGEST_DOCUMENT
  return Buffer.concat([head, (yield { read: isPossible ? size - 4 : -1 }) as Buffer])
}

/** Lists a collection that the archive announces. What a time series holds is dumped in a form of its own. */
function listCollection(counts: Tally, entry: Buffer): void {
  const name = namespaceOf(entry)
  if (typeOf(entry) === 'timeseries') counts.leaveOut(name, 'a time series')
  else if (isPlain(entry)) counts.add(name, 0)
}

/** The options of a collection in the archive's metadata, as far as they tell its type. */
const metadataSchema = z.object({ options: z.object({ viewOn: z.unknown(), timeseries: z.unknown() }).partial() })

/**
 * Returns the type of a collection that the archive announces: `collection`, `view` or `timeseries`. An older tool names it only by the
 * options in the metadata, where indexes and validators may hold the same words.
 */
function typeOf(entry: Buffer): string {
  const type = stringField(entry, 'type')
  if (type !== '') return type
  const metadata = metadataSchema.safeParse(jsonOf(stringField(entry, 'metadata')))
  if (metadata.data?.options.viewOn !== undefined) return 'view'
  return metadata.data?.options.timeseries === undefined ? 'collection' : 'timeseries'
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function countDocuments(counts: Tally, header: Buffer, documents: number): void {
  if (isPlain(header)) counts.add(namespaceOf(header), documents)
  else if (stringField(header, 'db') === '' && documents > 0)
    counts.giveUp('the dump has an oplog, which changes the collections when it is loaded')
}

/** Tells whether a collection is one of the users' own databases, as it stands in the dump. */
function isPlain(entry: Buffer): boolean {
  const database = stringField(entry, 'db')
  return database !== '' && !database.startsWith('$') && !stringField(entry, 'collection').startsWith('system.buckets.')
}

function namespaceOf(entry: Buffer): string {
  return `${stringField(entry, 'db')}.${stringField(entry, 'collection')}`
}

/** Returns a string field of a flat BSON document; empty if there is none. */
function stringField(bson: Buffer, name: string): string {
  const value = fieldOf(bson, name, 2)
  return value === null ? '' : value.subarray(4, -1).toString('utf8')
}

function endsCollection(header: Buffer): boolean {
  return fieldOf(header, 'EOF', 8)?.[0] === 1
}

/** Returns the checksum at the end of a collection, eight bytes; `null` if the tool wrote none. */
function checksumOf(header: Buffer): Buffer | null {
  return fieldOf(header, 'CRC', 18)
}

function fieldOf(bson: Buffer, name: string, wanted: number): Buffer | null {
  for (const [key, type, value] of elementsOf(bson)) if (key === name && type === wanted) return value
  return null
}

/** Sizes in bytes of BSON's types of fixed length, by the type's number. Strings are not among them. */
const FIXED_SIZES: Readonly<Record<number, number>> = { 1: 8, 8: 1, 16: 4, 18: 8 }
const STRING = 2

/** Yields the elements of a BSON document of strings, numbers and booleans, as the archive's own documents are. Stops at any other type. */
function* elementsOf(bson: Buffer): Generator<readonly [key: string, type: number, value: Buffer]> {
  let at = 4
  while (at < bson.length - 1) {
    const type = bson[at] ?? 0
    const keyEnd = bson.indexOf(0, at + 1)
    const from = keyEnd + 1
    if (keyEnd < 0 || (type === STRING && from + 4 > bson.length)) return
    const size = type === STRING ? 4 + bson.readInt32LE(from) : FIXED_SIZES[type]
    if (size === undefined || size <= 0 || from + size > bson.length) return
    yield [bson.subarray(at + 1, keyEnd).toString('utf8'), type, bson.subarray(from, from + size)]
    at = from + size
  }
}
