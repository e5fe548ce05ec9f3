/** Stores the lines of a section until its turn comes: few in memory, more in a file. */
import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'

const BATCH_CHARACTERS = 64 * 1024
const READ_BYTES = 64 * 1024

export interface Spool {
  /** Stores whole lines. Resolves when more may come. */
  add(lines: string): Promise<void>
  /**
   * Yields everything that was added, in pieces of whole lines. A piece is valid until the next one is asked for. Call it when nothing is
   * added any more.
   */
  read(): AsyncGenerator<string | Buffer>
  remove(): Promise<void>
}

/**
 * Makes a spool with its file in `folder`. If that cannot be written (a full disk), the lines that it did not take and all later ones are
 * lost, and `read` ends with a line that says so.
 */
export function createSpool(folder: string): Spool {
  const path = join(folder, `marina-console-${randomUUID()}`)
  let file: FileHandle | null = null
  let begun = false
  let batched = ''
  let problem: string | null = null
  let writing: Promise<void> = Promise.resolve()

  async function write(text: string): Promise<void> {
    if (problem !== null) return
    try {
      if (!begun) {
        begun = true
        await mkdir(folder, { recursive: true })
        file = await open(path, 'wx', 0o600)
      }
      await file?.appendFile(text)
    } catch (error) {
      problem = (error as Error).message
    }
  }

  function send(): Promise<void> {
    const text = batched
    batched = ''
    writing = writing.then(() => write(text))
    return writing
  }

  async function* read(): AsyncGenerator<string | Buffer> {
    await (begun ? send() : writing)
    if (file !== null) yield* wholeLines(path)
    else if (batched !== '') yield batched // so few that no file was needed
    if (problem !== null)
      yield `Some lines could not be kept for this view (${problem}): the log has them, if the disk took them there.\n`
  }

  return {
    add(lines) {
      batched += lines
      return batched.length >= BATCH_CHARACTERS ? send() : Promise.resolve()
    },
    read,
    async remove() {
      if (file === null) return
      await file.close()
      file = null
      await rm(path, { force: true })
    },
  }
}

/**
 * Yields the file at `path` in pieces of whole lines, so that a command can be printed between two of them. The pieces share one buffer,
 * because many buffers would wait for the garbage collector and add tens of megabytes.
 */
async function* wholeLines(path: string): AsyncGenerator<Buffer> {
  const file = await open(path, 'r')
  try {
    let buffer = Buffer.alloc(READ_BYTES)
    let kept = 0 // bytes at the beginning of `buffer` that belong to a line whose end is not read yet
    for (;;) {
      if (kept === buffer.length) buffer = Buffer.concat([buffer, Buffer.alloc(buffer.length)])
      const { bytesRead } = await file.read(buffer, kept, buffer.length - kept)
      if (bytesRead === 0) break
      const filled = kept + bytesRead
      const end = buffer.subarray(0, filled).lastIndexOf(10) + 1
      if (end > 0) yield buffer.subarray(0, end)
      buffer.copyWithin(0, end, filled)
      kept = filled - end
    }
    if (kept > 0) yield Buffer.concat([buffer.subarray(0, kept), Buffer.from('\n')])
  } finally {
    await file.close()
  }
}
