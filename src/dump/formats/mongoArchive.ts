/** The archive format of `mongodump`: whether every collection that the archive announces came to its end. */
import type { DumpCheck } from '../engines/contract.ts'
import { type Parser, type ParserRequest, parseStream } from './streamParser.ts'

const MAGIC = 0x8199e26d
const END_OF_BLOCK = -1
/** A document is 16 MiB at most, with what the server adds. */
const LARGEST = 17 << 20

/** An archive is blocks of documents; each collection's last one is a header that says so. Nothing follows the last of them. */
export function mongoArchive(): DumpCheck {
  return parseStream(archive())
}

type Reading<T> = Generator<ParserRequest, T, Buffer | boolean>

function* archive(): Parser {
  if (((yield { read: 4 }) as Buffer).readUInt32LE(0) !== MAGIC) return 'it is not a mongodump archive'
  const announced = new Set<string>()
  yield* document() // versions
  for (let entry = yield* document(); entry !== null; entry = yield* document()) {
    // a view has no data
    if (field(entry, 'type') === 'view' || /"viewOn"/.test(field(entry, 'metadata'))) continue
    announced.add(namespace(entry))
  }
  const open = new Set<string>()
  while ((yield { more: true }) as boolean) {
    const header = yield* document()
    if (header === null) return 'it is damaged (a block without a header)'
    const name = namespace(header)
    if (hasEnded(header)) {
      open.delete(name)
      announced.delete(name)
      announced.delete(name.replace('.system.buckets.', '.')) // a time series is announced by its own name
    } else open.add(name)
    while (yield* skipDocument()) {}
  }
  const lacking = [...new Set([...open, ...announced])]
  return lacking.length === 0 ? null : `collection ${lacking.slice(0, 3).join(', ')} does not come to its end`
}

/** `null` at the end of a block. */
function* document(): Reading<Buffer | null> {
  const head = (yield { read: 4 }) as Buffer
  const size = head.readInt32LE(0)
  if (size === END_OF_BLOCK) return null
  return Buffer.concat([head, (yield { read: checked(size) - 4 }) as Buffer])
}

/** Whether there was one. */
function* skipDocument(): Reading<boolean> {
  const size = ((yield { read: 4 }) as Buffer).readInt32LE(0)
  if (size === END_OF_BLOCK) return false
  yield { skip: checked(size) - 4 }
  return true
}

/** A size that no document has becomes one that the walk refuses. */
function checked(size: number): number {
  return size >= 5 && size <= LARGEST ? size : -1
}

function namespace(entry: Buffer): string {
  return `${field(entry, 'db')}.${field(entry, 'collection')}`
}

/** A string of a flat BSON document, or `''`. */
function field(bson: Buffer, name: string): string {
  for (const [key, type, value] of elements(bson)) {
    if (key === name && type === 2) return value.subarray(4, -1).toString('utf8')
  }
  return ''
}

function hasEnded(header: Buffer): boolean {
  for (const [key, type, value] of elements(header)) if (key === 'EOF' && type === 8) return value[0] === 1
  return false
}

/** The elements of a BSON document that holds strings, numbers and booleans only, as the archive's own do; stops at any other. */
function* elements(bson: Buffer): Generator<readonly [key: string, type: number, value: Buffer]> {
  let at = 4
  while (at < bson.length - 1) {
    const type = bson[at] ?? 0
    const keyEnd = bson.indexOf(0, at + 1)
    const key = bson.subarray(at + 1, keyEnd).toString('utf8')
    const from = keyEnd + 1
    const size = type === 2 ? 4 + bson.readInt32LE(from) : { 1: 8, 8: 1, 16: 4, 18: 8 }[type]
    if (keyEnd < 0 || size === undefined) return
    yield [key, type, bson.subarray(from, from + size)]
    at = from + size
  }
}
