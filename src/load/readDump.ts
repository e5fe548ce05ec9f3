/**
 * Reads a dump out of the helper as a stream: its first bytes at once, for the choice of the tool, and then all of it. The stream ends well
 * only if the file was read whole and has the length and SHA-256 of the manifest.
 */
import { createHash } from 'node:crypto'
import { PassThrough, pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { CopyHelper } from '../copy/copyHelper.ts'
import { execReason } from '../docker/exec.ts'
import { DamagedBackupError, InstanceError } from '../errors.ts'
import type { DumpToLoad } from './loadDump.ts'

interface ReadRequest {
  readonly file: DumpToLoad
  /** Time at which to give up, ms since 1970. */
  readonly deadline: number
  readonly signal: AbortSignal
}

export interface OpenDump {
  /** The first bytes without gzip: 64 KiB, or all of a smaller dump. */
  readonly head: Buffer
  /** All bytes without gzip, the first ones included. Throws an `InstanceError` at the end if the file is not the manifest's. To be read once. */
  readonly bytes: AsyncIterable<Buffer>
  /** Ends the reading, wherever it is. */
  close(): Promise<void>
}

const HEAD_BYTES = 64 << 10
/** Number of bytes that may wait between the helper and the tool. */
const PIPE_BYTES = 1 << 20

/** Opens a dump. Throws an `InstanceError` if its first bytes cannot be read. */
export async function readDump(helper: Pick<CopyHelper, 'exec'>, request: ReadRequest): Promise<OpenDump> {
  const closed = new AbortController()
  const raw = new PassThrough({ highWaterMark: PIPE_BYTES })
  const reading = readFile(helper, request, raw, closed.signal)
  const source = unpacked(raw, reading)[Symbol.asyncIterator]()
  const close = async () => {
    closed.abort()
    raw.destroy()
    await reading.catch(() => {}) // told by the stream
  }
  try {
    const first: Buffer[] = []
    let length = 0
    let isWhole = false
    while (length < HEAD_BYTES && !isWhole) {
      const next = await source.next()
      if (next.done) isWhole = true
      else {
        first.push(next.value)
        length += next.value.length
      }
    }
    const begin = Buffer.concat(first)
    return { head: begin.subarray(0, HEAD_BYTES), bytes: joined(begin, source), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function* joined(begin: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (begin.length > 0) yield begin
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
}

/** Reads the file into `raw`. Rejects with an `InstanceError` if it cannot be read, or is not the manifest's. `raw` ends when all is read. */
async function readFile(
  helper: Pick<CopyHelper, 'exec'>,
  { file, deadline, signal }: ReadRequest,
  raw: PassThrough,
  closed: AbortSignal,
): Promise<void> {
  const hash = createHash('sha256')
  let bytes = 0
  try {
    const read = await helper.exec({
      script: 'exec cat -- "$1"',
      args: [file.path],
      deadlineMs: Math.max(1, deadline - Date.now()),
      signal: AbortSignal.any([signal, closed]),
      onStdout: async (chunk) => {
        hash.update(chunk)
        bytes += chunk.length
        if (!raw.destroyed && !raw.write(chunk)) await drained(raw)
      },
    })
    if (read.code !== 0) throw new InstanceError(`it could not be read: ${execReason(read)}`)
  } finally {
    raw.end()
  }
  if (bytes !== file.bytes)
    throw new DamagedBackupError(`it has ${bytes} bytes, and its manifest says ${file.bytes}: the backup is damaged`)
  const found = hash.digest('hex')
  if (found !== file.sha256)
    throw new DamagedBackupError(
      `its SHA-256 is ${found}, and its manifest says ${file.sha256}: the backup is damaged, or it was changed`,
    )
}

function drained(raw: PassThrough): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      raw.off('drain', done)
      raw.off('close', done)
      resolve()
    }
    raw.on('drain', done)
    raw.on('close', done)
  })
}

/** Yields the bytes of `raw`, without gzip. Throws what `reading` threw, else an `InstanceError` for damaged gzip. */
async function* unpacked(raw: PassThrough, reading: Promise<void>): AsyncGenerator<Buffer> {
  reading.catch(() => {}) // awaited below
  try {
    yield* isGzip(await firstBytes(raw)) ? gunzipped(raw) : (raw as AsyncIterable<Buffer>)
  } catch (error) {
    await reading // says more than a stream that was cut
    throw new DamagedBackupError(`its gzip stream is cut or damaged (${(error as Error).message})`, { cause: error })
  }
  await reading
}

/** Returns the first bytes, which stay in `raw`. Empty: there are none. */
function firstBytes(raw: PassThrough): Promise<Buffer> {
  return new Promise((resolve) => {
    const look = () => {
      const chunk = raw.read() as Buffer | null
      if (chunk === null && !raw.readableEnded && !raw.destroyed) return
      raw.off('readable', look)
      raw.off('end', look)
      raw.off('close', look)
      if (chunk !== null) raw.unshift(chunk)
      resolve(chunk ?? Buffer.alloc(0))
    }
    raw.on('readable', look)
    raw.on('end', look)
    raw.on('close', look)
  })
}

function isGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b
}

function gunzipped(raw: PassThrough): AsyncIterable<Buffer> {
  const gunzip = createGunzip()
  pipeline(raw, gunzip, () => {}) // an error shows where it is read
  return gunzip
}
