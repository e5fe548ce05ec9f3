/** Writes the log of one instance: a file that holds all of it, redacted, and the live view in the job's log. */
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Redactor } from '../secrets/redaction.ts'
import { createLastLines } from './lastLines.ts'
import { createLineMemory } from './lineMemory.ts'
import { type LineKind, splitLines, type TakeLine } from './lines.ts'

/** Takes an instance's lines for its log file and the console. A writer waits for the promise before it goes on (back-pressure). */
export interface InstanceLog {
  write(source: 'out' | 'err' | 'marina', chunk: Buffer | string): Promise<void>
  /** Keeps the last lines of stderr apart from now on. How stdout and stderr mix is chance, and many lines of one would push out the other's. */
  rememberStderr(): void
}

/** Longest line, bytes. A longer one is broken into several, so that memory stays flat. */
const LINE_LIMIT_BYTES = 16 * 1024
const TAIL = { lines: 50, lineCharacters: 1000, characters: Number.POSITIVE_INFINITY }
const STDERR = { lines: 20, lineCharacters: 1000, characters: 8000 }
/** Shortest time between two progress lines in the live view, ms. The file holds them all. */
const PROGRESS_EVERY_MS = 1000
/** Size of the pieces in which a chunk is processed, bytes, so that memory stays flat however large the chunk is. */
const PIECE_BYTES = 64 * 1024
const LINE_END = Buffer.from('\n')

/** Bytes that are cut off the end of a log when the disk is full, so that the report, the outputs and the summary can be written. */
const GIVEN_BACK_BYTES = 512 * 1024

const TAGS = { out: 'out', err: 'err', marina: '---' } as const
export type LogSource = keyof typeof TAGS

export interface LogSink extends InstanceLog {
  /** Writes what is left and closes the file. A second call does nothing. */
  end(): Promise<void>
  /** Returns the last lines of the log (stdout, stderr, our own; without the progress lines that the live view leaves out), redacted and harmless to show. */
  tail(): readonly string[]
  /** Returns the last lines of stderr since `rememberStderr`, redacted and harmless to show. Its last line is whole once the log has ended. */
  stderr(): readonly string[]
  readonly path: string
  /** Says why the file is not complete; `null` if it is complete. */
  readonly problem: string | null
}

export interface LogOptions {
  readonly path: string
  readonly redactor: Redactor
  /** Prints lines, each with its line end, in the job's log. The buffer is used again when the promise resolves. */
  readonly live: (lines: Buffer) => Promise<void>
  /**
   * `false` keeps what containers print out of the live view: only Marina's own lines are shown there. The file and the tail have them all
   * the same. Default `true`.
   */
  readonly showsOutput?: boolean
  readonly now?: () => Date
}

/**
 * Opens the log and creates its folder. Every line of the file is `TIME TAG text`: UTC with milliseconds, then `out`, `err` or `---` (our
 * own), with a `+` if it continues the line before. A disk that does not take the log does not end the backup: `problem` and the live view
 * say so.
 */
export async function openLog(options: LogOptions): Promise<LogSink> {
  const { path, redactor, live, showsOutput = true, now = () => new Date() } = options
  const ownLine = (text: string) => `${now().toISOString()} ${TAGS.marina} ${text}\n`
  const file = await fileThatMayFail(path, ownLine, (problem) => live(Buffer.from(`--- ${problem}\n`)))
  const streams = { out: outputStream(redactor), err: outputStream(redactor) }
  const tail = createLastLines(redactor, TAIL)
  const stderr = createLastLines(redactor, STDERR)
  let isRemembered = false
  const written = createLineMemory()
  const shown = createLineMemory()
  let turn: Promise<void> = Promise.resolve()
  let ended = false

  /** Makes a taker of lines. It adds each line to what is written to the file, to the kept stderr and, if `shows` allows it, to what is shown live. */
  function collect(source: LogSource, at: Date, shows: Shows): TakeLine {
    const begins = Buffer.from(`${at.toISOString()} ${TAGS[source]} `)
    const continues = Buffer.from(`${at.toISOString()} ${TAGS[source]}+ `)
    const ms = at.getTime()
    return (data, start, end, kind) => {
      written.add(kind.continued ? continues : begins)
      written.add(data, start, end)
      written.add(LINE_END)
      if (source === 'err' && isRemembered && start < end) stderr.pushLine(data, start, end, kind.progress)
      if (shows(data, start, end, kind, ms)) show(data, start, end)
    }
  }

  function show(data: Buffer, start = 0, end = data.length): void {
    shown.add(data, start, end)
    shown.add(LINE_END)
  }

  /** Writes and shows what was collected, all lines of a piece at once: one call for each of millions of lines would leave much garbage. */
  async function handOn(source: LogSource): Promise<void> {
    await file.write(written.bytes())
    written.clear()
    if (shown.length === 0) return
    const lines = shown.bytes()
    tail.push(source === 'marina' ? Buffer.from(lines.toString().replaceAll(/^(?!$)/gm, '--- ')) : lines)
    if (showsOutput || source === 'marina') await live(lines)
    shown.clear()
  }

  async function take(source: LogSource, chunk: Buffer): Promise<void> {
    if (source === 'marina') {
      const splitter = splitLines(LINE_LIMIT_BYTES)
      const into = collect(source, now(), () => true)
      splitter.write(Buffer.from(redactor.text(chunk.toString())), into)
      splitter.end(into)
      return handOn(source)
    }
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      streams[source].write(chunk.subarray(at, at + PIECE_BYTES), collect(source, now(), streams[source].shows))
      await handOn(source)
    }
  }

  async function finish(): Promise<void> {
    for (const source of ['out', 'err'] as const) {
      streams[source].end(collect(source, now(), streams[source].shows))
      const held = streams[source].heldBack()
      if (held !== null) show(held)
      await handOn(source)
    }
    await file.close()
  }

  function inTurn(work: () => Promise<void>): Promise<void> {
    const done = turn.then(work)
    turn = done.catch(() => undefined) // whoever awaits `done` hears of it; the next in turn does not
    return done
  }

  return {
    path,
    write: (source, chunk) => inTurn(() => take(source, typeof chunk === 'string' ? Buffer.from(chunk) : chunk)),
    async end() {
      if (ended) return turn
      ended = true
      return inTurn(finish)
    },
    rememberStderr() {
      isRemembered = true
      stderr.clear()
    },
    tail: () => tail.lines(),
    stderr: () => stderr.lines(),
    get problem() {
      return file.problem()
    },
  }
}

/** Tells whether a line is shown in the live view. */
type Shows = (data: Buffer, start: number, end: number, kind: LineKind, ms: number) => boolean

/**
 * Redacts one of the container's two outputs and splits it into lines. `shows` leaves out of the live view a progress line that comes too
 * soon after the one before (`PROGRESS_EVERY_MS`).
 */
function outputStream(redactor: Redactor) {
  const masking = redactor.stream()
  const splitter = splitLines(LINE_LIMIT_BYTES)
  const held = createLineMemory()
  let isHeld = false
  let progressShownAt = Number.NEGATIVE_INFINITY

  const shows: Shows = (data, start, end, kind, ms) => {
    isHeld = kind.progress && ms - progressShownAt < PROGRESS_EVERY_MS
    if (isHeld) {
      held.clear()
      held.add(data, start, end)
    } else if (kind.progress) progressShownAt = ms
    return !isHeld
  }

  return {
    shows,
    write: (chunk: Buffer, take: TakeLine) => splitter.write(masking.write(chunk), take),
    end(take: TakeLine): void {
      splitter.write(masking.end(), take)
      splitter.end(take)
    },
    /** Returns the last line, if it was left out of the live view; else `null`. */
    heldBack: (): Buffer | null => (isHeld ? held.bytes() : null),
  }
}

/** Cuts off the end of a log when the disk is full, so that the report, the outputs and the summary can be written, and appends `lastLine`. */
async function giveRoom(log: FileHandle, lastLine: string): Promise<void> {
  const found = await log.stat()
  if (!found.isFile()) return
  await log.truncate(Math.max(0, found.size - GIVEN_BACK_BYTES))
  await log.appendFile(`\n${lastLine}`)
}

/**
 * Opens a file to append to. The first failure is given to `tell`, ends the writing, and is kept as `problem`; the file's last line (made
 * by `line`) says so.
 */
async function fileThatMayFail(path: string, line: (text: string) => string, tell: (problem: string) => Promise<void>) {
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
