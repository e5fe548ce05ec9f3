/** Makes the copy of a log that goes into an artifact: the whole log or, if it is too long, its head and tail. */
import { createReadStream, createWriteStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { bytes } from '../format.ts'

/** Size of the largest log in an artifact, bytes. */
export const ARTIFACT_LOG_BYTES = 20_000_000
/** Bytes reserved for the line that says what was cut. */
const NOTE_BYTES = 200
/** Number of bytes that surely contain a line end: a line has at most 16 KiB and a time stamp. */
const BORDER_BYTES = 20_000

/**
 * Copies the log at `path` to the file `to`, at most `capBytes` long. If the log is longer, its middle is cut out between two lines, and
 * one line in its place says how much it was. Little memory is used, however long it is.
 */
export async function cutLog(path: string, to: string, capBytes: number = ARTIFACT_LOG_BYTES): Promise<void> {
  const { size } = await stat(path)
  if (size <= capBytes) return pipeline(createReadStream(path), createWriteStream(to, { mode: 0o600 }))
  const half = Math.max(0, Math.floor((capBytes - NOTE_BYTES) / 2))
  const headEnd = await borderBefore(path, half)
  const tailStart = await borderAfter(path, size - half)
  await pipeline(
    async function* () {
      if (headEnd > 0) yield* createReadStream(path, { start: 0, end: headEnd - 1 })
      yield `--- ${bytes(tailStart - headEnd)} of ${bytes(size)} were cut out here: the whole log is in log-directory on the runner\n`
      if (tailStart < size) yield* createReadStream(path, { start: tailStart })
    },
    createWriteStream(to, { mode: 0o600 }),
  )
}

/** Returns the end of the last whole line before `at`; `at` itself if no line ends shortly before it. */
async function borderBefore(path: string, at: number): Promise<number> {
  const from = Math.max(0, at - BORDER_BYTES)
  const newline = (await read(path, from, at - from)).lastIndexOf(10)
  return newline < 0 ? at : from + newline + 1
}

/** Returns the beginning of the first whole line after `at`; `at` itself if none begins shortly after it. */
async function borderAfter(path: string, at: number): Promise<number> {
  const newline = (await read(path, at, BORDER_BYTES)).indexOf(10)
  return newline < 0 ? at : at + newline + 1
}

async function read(path: string, position: number, length: number): Promise<Buffer> {
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}
