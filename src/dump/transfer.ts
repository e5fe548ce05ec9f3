/**
 * One dump on its way: from the tool's stdout in the database container, through this process, into a file of the
 * helper. Memory is flat; nothing is written on the runner or in the database container.
 *
 * The file is `….part` until the tool said 0, the end marker was seen, and the file is as long as what was passed on.
 */
import { createHash } from 'node:crypto'
import { PassThrough } from 'node:stream'
import type { CopyHelper } from '../copy/copyHelper.ts'
import { type ExecRequest, execReason, execTruthfully } from '../docker/exec.ts'
import type { Docker } from '../docker/process.ts'
import { CancelledError, InstanceError } from '../errors.ts'
import type { DumpCheck } from './engines/contract.ts'

export interface TransferRequest {
  /** Runs in the database container and writes the dump on stdout. */
  readonly source: Pick<ExecRequest, 'container' | 'script' | 'args' | 'env'> & {
    readonly onStderr: (line: string) => void | Promise<void>
  }
  /** Absolute path in the helper; its directory is there. */
  readonly file: string
  /** `uid:gid` that shall own the file; its mode is 0600. */
  readonly owner: string
  readonly wholeness: DumpCheck
  /** Hears of bytes as they are passed on. */
  readonly onBytes: (count: number) => void
  /** When to give up, in milliseconds since the epoch. */
  readonly deadline: number
  readonly signal: AbortSignal
}

export interface TransferResult {
  readonly bytes: number
  /** Hex. */
  readonly sha256: string
}

/** How much may wait between the two ends, bytes. */
const BETWEEN = 1 << 20
const FINISH_MS = 120_000

const RECEIVE = `umask 077; exec cat >"$1"`

/** The size that stands in the file is what counts: a receiver ends well on a stream that was cut. */
const FINISH = `
size=$(stat -c %s -- "$1") || exit 1
if [ "$size" != "$3" ]; then echo "the file has $size bytes of $3" >&2; exit 1; fi
chown -- "$4" "$1" && chmod 0600 -- "$1" && mv -- "$1" "$2"`

/** Hands one dump over. Throws `CancelledError`, or an `InstanceError` that says what broke; then a `….part` may be left for the caller to remove. */
export async function transfer(
  docker: Docker,
  helper: Pick<CopyHelper, 'exec'>,
  handover: TransferRequest,
): Promise<TransferResult> {
  const part = `${handover.file}.part`
  const pipe = new PassThrough({ highWaterMark: BETWEEN })
  pipe.on('error', () => {}) // destroyed on purpose, when its other end is gone
  const receiverGone = new AbortController()
  const left = () => Math.max(1, handover.deadline - Date.now())
  const hash = createHash('sha256')
  let bytes = 0
  const pass = async (chunk: Buffer) => {
    if (chunk.length === 0 || pipe.destroyed) return
    hash.update(chunk)
    bytes += chunk.length
    handover.onBytes(chunk.length)
    if (!pipe.write(chunk)) await drainedOrGone(pipe)
  }

  const send = async () => {
    try {
      const result = await execTruthfully(docker, {
        ...handover.source,
        deadlineMs: left(),
        signal: AbortSignal.any([handover.signal, receiverGone.signal]),
        onStdout: async (chunk) => pass(await handover.wholeness.pass(chunk)),
      })
      const { rest, missing } = await handover.wholeness.end()
      await pass(rest)
      return { result, missing }
    } finally {
      pipe.end()
    }
  }
  const receive = async () => {
    try {
      return await helper.exec({
        script: RECEIVE,
        args: [part],
        input: pipe,
        deadlineMs: left(),
        signal: handover.signal,
      })
    } finally {
      receiverGone.abort()
      pipe.destroy()
    }
  }
  const [sent, received] = await Promise.allSettled([send(), receive()])
  if (handover.signal.aborted) throw new CancelledError()
  if (received.status === 'rejected') throw received.reason
  if (sent.status === 'rejected') throw sent.reason
  const { result, missing } = sent.value
  // where the receiver went first the source was ended by us: the receiver's words are the reason
  if (received.value.code !== 0 && (result.code === 0 || result.ended.kind === 'cancelled'))
    throw new InstanceError(`the dump could not be written to the staging volume: ${execReason(received.value)}`)
  if (result.code !== 0) throw new InstanceError(execReason(result))
  if (bytes === 0) throw new InstanceError('the tool ended well but wrote nothing')
  if (missing !== null) throw new InstanceError(`the tool ended well, but its dump is not whole: ${missing}`)

  const finished = await helper.exec({
    script: FINISH,
    args: [part, handover.file, String(bytes), handover.owner],
    deadlineMs: FINISH_MS,
    signal: handover.signal,
  })
  if (handover.signal.aborted) throw new CancelledError()
  if (finished.code !== 0)
    throw new InstanceError(`the dump did not reach the staging volume whole: ${execReason(finished)}`)
  return { bytes, sha256: hash.digest('hex') }
}

function drainedOrGone(pipe: PassThrough): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      pipe.off('drain', done)
      pipe.off('close', done)
      resolve()
    }
    pipe.on('drain', done)
    pipe.on('close', done)
  })
}
