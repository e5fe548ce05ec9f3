/**
 * Transfers one dump from the tool's stdout in the database container, through this process, into a file of the helper. Little memory is
 * used, however large the dump; nothing is written on the runner or in the database container.
 *
 * The file is called `….part` until the tool said 0, the format was found complete, and the file is as long as what was passed on.
 */
import { createHash } from 'node:crypto'
import { PassThrough } from 'node:stream'
import type { CopyHelper } from '../copy/copyHelper.ts'
import type { DumpCheck } from '../databases/engineContract.ts'
import { guarded } from '../databases/formats/guard.ts'
import { type CountedRows, uncounted } from '../databases/rows/tally.ts'
import { type ExecRequest, type ExecResult, execReason, execTruthfully, foreignReason } from '../docker/exec.ts'
import type { Docker } from '../docker/process.ts'
import { CancelledError, InstanceError } from '../errors.ts'
import { ToolFailure } from './toolFailure.ts'

interface TransferRequest {
  /** The script that runs in the database container and writes the dump to stdout. */
  readonly source: Pick<ExecRequest, 'container' | 'script' | 'args' | 'env'> & {
    readonly onStderr: (line: string) => void | Promise<void>
  }
  /** Absolute path in the helper. Its directory exists. */
  readonly file: string
  /** Owner of the file, `uid:gid`. Its mode is 0600. */
  readonly owner: string
  readonly check: DumpCheck
  /** Called with the number of bytes whenever some are passed on. */
  readonly onBytes: (count: number) => void
  /** Time at which to give up, ms since 1970. */
  readonly deadline: number
  readonly signal: AbortSignal
}

export interface TransferResult {
  readonly bytes: number
  /** SHA-256 of the file, hex. */
  readonly sha256: string
  readonly counted: CountedRows
  /** The version of the server, if the dump names it; else `null`. */
  readonly serverVersion: string | null
}

const NOT_COUNTED = uncounted('rows are not counted in a dump of this form')

/** Number of bytes that may wait between the sender and the receiver. */
const PIPE_BYTES = 1 << 20
const FINISH_MS = 120_000

const RECEIVE = `umask 077; exec cat >"$1"`

/**
 * Gives the file `$1` its owner `$4`, its mode and its name `$2`, if it has `$3` bytes. The size decides, because a receiver also ends well
 * on a stream that was cut.
 */
const FINISH = `
size=$(stat -c %s -- "$1") || exit 1
if [ "$size" != "$3" ]; then echo "the file has $size bytes of $3" >&2; exit 1; fi
chown -- "$4" "$1" && chmod 0600 -- "$1" && mv -- "$1" "$2"`

/** Transfers one dump. Throws `CancelledError`, or an `InstanceError` that says what broke; then the caller may have to remove a `….part` file. */
export async function transfer(
  docker: Docker,
  helper: Pick<CopyHelper, 'exec'>,
  request: TransferRequest,
): Promise<TransferResult> {
  const pipe = openPipe(request.onBytes)
  const [sent, received] = await Promise.allSettled([send(docker, request, pipe), receive(helper, request, pipe)])
  if (request.signal.aborted) throw new CancelledError()
  if (received.status === 'rejected') throw received.reason
  if (sent.status === 'rejected') throw sent.reason
  refuseFailure(docker, sent.value, received.value, pipe.bytes())
  await finish(helper, request, pipe.bytes())
  return {
    bytes: pipe.bytes(),
    sha256: pipe.sha256(),
    counted: sent.value.counted,
    serverVersion: sent.value.serverVersion,
  }
}

type Pipe = ReturnType<typeof openPipe>

/** Connects the sender to the receiver: counts and hashes the bytes, and makes the sender wait if the receiver is slower. */
function openPipe(onBytes: (count: number) => void) {
  const through = new PassThrough({ highWaterMark: PIPE_BYTES })
  through.on('error', () => {}) // destroyed on purpose, when its other end is gone
  const receiverGone = new AbortController()
  const hash = createHash('sha256')
  let bytes = 0
  return {
    output: through,
    /** Aborted when the receiver has ended. */
    receiverGone: receiverGone.signal,
    async pass(chunk: Buffer) {
      if (chunk.length === 0 || through.destroyed) return
      hash.update(chunk)
      bytes += chunk.length
      onBytes(chunk.length)
      if (!through.write(chunk)) await drainedOrClosed(through)
    },
    end: () => void through.end(),
    close() {
      receiverGone.abort()
      through.destroy()
    },
    bytes: () => bytes,
    /** Returns the hash. Call it once, at the end. */
    sha256: () => hash.digest('hex'),
  }
}

function drainedOrClosed(through: PassThrough): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      through.off('drain', done)
      through.off('close', done)
      resolve()
    }
    through.on('drain', done)
    through.on('close', done)
  })
}

interface Sent {
  readonly tool: ExecResult
  /** Says what the dump lacks; `null` if it is complete. */
  readonly missing: string | null
  readonly counted: CountedRows
  readonly serverVersion: string | null
}

async function send(docker: Docker, request: TransferRequest, pipe: Pipe): Promise<Sent> {
  const check = guarded(request.check)
  try {
    const tool = await execTruthfully(docker, {
      ...request.source,
      endsRest: true,
      deadlineMs: timeLeft(request),
      signal: AbortSignal.any([request.signal, pipe.receiverGone]),
      onStdout: async (chunk) => pipe.pass(await check.pass(chunk)),
    })
    const { rest, missing, counted = NOT_COUNTED, serverVersion = null } = await check.end()
    await pipe.pass(rest)
    return { tool, missing, counted, serverVersion }
  } finally {
    pipe.end()
  }
}

async function receive(helper: Pick<CopyHelper, 'exec'>, request: TransferRequest, pipe: Pipe): Promise<ExecResult> {
  try {
    return await helper.exec({
      script: RECEIVE,
      args: [partOf(request)],
      input: pipe.output,
      deadlineMs: timeLeft(request),
      signal: request.signal,
    })
  } finally {
    pipe.close()
  }
}

/** Throws an `InstanceError` if the sender or the receiver failed, or if the dump is empty or not complete. */
function refuseFailure(docker: Docker, { tool, missing }: Sent, received: ExecResult, bytes: number): void {
  // where the receiver went first the tool was ended by us: the receiver's words are the reason
  if (received.code !== 0 && (tool.code === 0 || tool.ended.kind === 'cancelled'))
    throw new InstanceError(`the dump could not be written to the staging volume: ${execReason(received)}`)
  if (tool.code === null) throw new InstanceError(foreignReason(docker, tool))
  if (tool.code !== 0) throw new ToolFailure(foreignReason(docker, tool))
  if (bytes === 0) throw new InstanceError('the tool ended well but wrote nothing')
  if (missing !== null) throw new InstanceError(`the tool ended well, but its dump is not whole: ${missing}`)
}

async function finish(helper: Pick<CopyHelper, 'exec'>, request: TransferRequest, bytes: number): Promise<void> {
  const finished = await helper.exec({
    script: FINISH,
    args: [partOf(request), request.file, String(bytes), request.owner],
    deadlineMs: FINISH_MS,
    signal: request.signal,
  })
  if (request.signal.aborted) throw new CancelledError()
  if (finished.code !== 0)
    throw new InstanceError(`the dump did not reach the staging volume whole: ${execReason(finished)}`)
}

function partOf({ file }: TransferRequest): string {
  return `${file}.part`
}

function timeLeft({ deadline }: TransferRequest): number {
  return Math.max(1, deadline - Date.now())
}
