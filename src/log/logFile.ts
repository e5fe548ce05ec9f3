/** Writes the file of a log on a disk that may be full: the first failure ends the writing, and is told. */
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Bytes that are cut off the end of a log which can no longer be written, so that a full disk has room for the report, the outputs and the
 * summary.
 */
const GIVEN_BACK_BYTES = 512 * 1024

/** Cuts `GIVEN_BACK_BYTES` off the end of a log and appends `lastLine`. Does nothing to a pipe or a device. */
async function giveRoom(log: FileHandle, lastLine: string): Promise<void> {
  const found = await log.stat()
  if (!found.isFile()) return
  await log.truncate(Math.max(0, found.size - GIVEN_BACK_BYTES))
  await log.appendFile(`\n${lastLine}`)
}

/**
 * Opens a file to append to, and creates its folder. The first failure, also one of the opening, is given to `tell`, ends the writing, and is
 * kept as `problem`. If the file still takes it, its last line (made by `line`) says so.
 */
export async function openLogFile(
  path: string,
  line: (text: string) => string,
  tell: (problem: string) => Promise<void>,
) {
  let handle: FileHandle | null = null
  let problem: string | null = null

  async function attempt(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      problem ??= `The log file ${path} could not be written (${(error as Error).message}): ${handle === null ? '' : 'its end is missing, and '}from here on its lines are only shown live. Free disk space, or look at the permissions of its folder.`
      const broken = handle
      handle = null
      await tell(problem)
      // it is given up already, for the reason just told
      if (broken) await giveRoom(broken, line(problem)).catch(() => undefined)
      await broken?.close().catch(() => undefined)
    }
  }

  await attempt(async () => {
    await mkdir(dirname(path), { recursive: true })
    handle = await open(path, 'a', 0o600)
  })
  return {
    problem: () => problem,
    async write(bytes: Buffer): Promise<void> {
      if (bytes.length > 0) await attempt(async () => handle?.appendFile(bytes))
    },
    async close(): Promise<void> {
      await attempt(async () => handle?.close())
      handle = null
    },
  }
}
