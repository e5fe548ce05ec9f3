/** Reads one file out of a small ZIP archive. Pure. A file that would grow beyond a bound is refused. */
import { crc32, inflateRawSync } from 'node:zlib'

const END = 0x06054b50
const CENTRAL = 0x02014b50
const LOCAL = 0x04034b50
const END_BYTES = 22
/** The longest comment behind the end record, bytes. */
const LONGEST_COMMENT = 0xffff

/**
 * Returns the content of the file `name`, or says why it cannot be read: it is not in the archive, it is larger than `mostBytes`, or
 * the archive is damaged, encrypted, or of a kind that is not read (ZIP64, other compressions than deflate).
 */
export function zipEntry(archive: Buffer, name: string, mostBytes: number): Buffer | { readonly why: string } {
  try {
    return readEntry(archive, name, mostBytes)
  } catch {
    return { why: 'the archive is damaged' }
  }
}

function readEntry(archive: Buffer, name: string, mostBytes: number): Buffer | { readonly why: string } {
  const end = endRecord(archive)
  if (end === null) return { why: 'it is no ZIP archive, or it is cut off' }
  let at = archive.readUInt32LE(end + 16)
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    if (archive.readUInt32LE(at) !== CENTRAL) return { why: 'the archive is damaged' }
    const nameBytes = archive.readUInt16LE(at + 28)
    if (archive.toString('utf8', at + 46, at + 46 + nameBytes) === name) return content(archive, at, mostBytes)
    at += 46 + nameBytes + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32)
  }
  return { why: `it holds no ${name}` }
}

function endRecord(archive: Buffer): number | null {
  const first = Math.max(0, archive.length - END_BYTES - LONGEST_COMMENT)
  for (let at = archive.length - END_BYTES; at >= first; at--) if (archive.readUInt32LE(at) === END) return at
  return null
}

function content(archive: Buffer, at: number, mostBytes: number): Buffer | { readonly why: string } {
  const method = archive.readUInt16LE(at + 10)
  const packed = archive.readUInt32LE(at + 20)
  const local = archive.readUInt32LE(at + 42)
  if ((archive.readUInt16LE(at + 8) & 1) === 1 || (method !== 0 && method !== 8))
    return { why: 'it is encrypted or packed in an unknown way' }
  if (archive.readUInt32LE(local) !== LOCAL) return { why: 'the archive is damaged' }
  const from = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28)
  const data = archive.subarray(from, from + packed)
  if (data.length !== packed) return { why: 'the archive is cut off' }
  const tooLarge = { why: `its file is larger than ${Math.round(mostBytes / 1024 / 1024)} MiB` }
  if (method === 0 && packed > mostBytes) return tooLarge
  const file = method === 0 ? data : inflated(data, mostBytes)
  if (file === null) return tooLarge
  return crc32(file) === archive.readUInt32LE(at + 16)
    ? file
    : { why: 'the archive is damaged (its checksum is wrong)' }
}

/** Unpacks data; `null` if it is larger than the bound. The size that the archive claims is not trusted. */
function inflated(data: Buffer, mostBytes: number): Buffer | null {
  try {
    return inflateRawSync(data, { maxOutputLength: mostBytes })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return null
    throw error
  }
}
