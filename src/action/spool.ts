/** A file that holds the lines of a section until it is its turn to be printed. */
import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'

const BATCH_CHARACTERS = 64 * 1024

export interface Spool {
  /** Keeps whole lines; resolves when more may come. */
  add(lines: string): Promise<void>
  /** All that was added, in pieces of whole lines. Nothing may be added from then on. */
  read(): AsyncGenerator<string>
  remove(): Promise<void>
}

/** Lines that the disk does not take are left out, and one line in their place says so: the log has them. */
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

  async function* read(): AsyncGenerator<string> {
    await (begun ? send() : writing)
    if (file !== null) yield* wholeLines(createReadStream(path))
    else if (batched !== '') yield batched // so few that no file was needed
    if (problem !== null) yield `Some lines could not be kept for this view (${problem}): they are in the log.\n`
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

/** Cuts a stream only where a line ends, so that a command may be printed between two pieces. */
async function* wholeLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(10) + 1
    if (end > 0) yield Buffer.concat([rest, chunk.subarray(0, end)]).toString()
    rest = end > 0 ? Buffer.from(chunk.subarray(end)) : Buffer.concat([rest, chunk])
  }
  if (rest.length > 0) yield `${rest.toString()}\n`
}
