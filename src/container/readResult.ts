/** Reads the file in which a backup image tells of its backup, from its container. */
import { look, type PathInfo } from '../docker/copyFiles.ts'
import type { Docker } from '../docker/process.ts'
import { CancelledError, sayError } from '../errors.ts'
import { bytes } from '../format.ts'
import { parseResult, type ToldResult } from './imageResult.ts'

export interface ResultPlace {
  readonly docker: Docker
  /** The backup container. It has ended. */
  readonly container: string
  readonly path: string
  readonly signal: AbortSignal
  /** Default `READ_MS`. */
  readonly deadlineMs?: number
}

/** Largest file that is read, bytes. */
const MOST_BYTES = 64 << 10
/** Deadline of the read, ms: nobody should wait for what only adorns a page. */
const READ_MS = 20_000

const NOTHING: ToldResult = { result: null, problems: [] }

/**
 * Returns what the image told, and a sentence for each problem; nothing if there is no such file, or after a cancel. Never throws: what an
 * image tells decides nothing.
 */
export async function readResult(place: ResultPlace): Promise<ToldResult> {
  const { docker, container, path, signal, deadlineMs = READ_MS } = place
  try {
    const options = { keep: true, follow: false, mostBytes: MOST_BYTES, deadlineMs, signal }
    const found = await look(docker, container, path, options)
    if (found === null) return NOTHING
    const problem = unreadable(found)
    if (problem !== null || found.content === null) return ignored(problem ?? 'is empty')
    return parseResult(found.content, docker.redact)
  } catch (error) {
    return error instanceof CancelledError || signal.aborted ? NOTHING : ignored(`was not read: ${sayError(error)}`)
  }
}

function ignored(why: string): ToldResult {
  return { result: null, problems: [`the image's result is left out: the file MARINA_RESULT ${why}`] }
}

/** Says why a file is not read, in words for a place after its name; `null` if it may be read. */
function unreadable({ type, size }: PathInfo): string | null {
  if (type === 'symlink') return 'is a symbolic link, which is not followed: write the file itself'
  if (type === 'directory') return 'is a directory'
  if (type !== 'file') return 'is no regular file'
  return size > MOST_BYTES ? `has ${bytes(size)}, and at most ${bytes(MOST_BYTES)} are read` : null
}
