/** The log of one instance: a file that holds all of it, redacted, and the live view that people watch. */
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { harmlessLine } from '../report/sanitize.ts'
import type { Redactor } from '../secrets/redaction.ts'
import { type Line, type LineSplitter, splitLines } from './lines.ts'

/** Where an instance's lines go: its log and the console. Awaiting is the back-pressure. */
export interface InstanceLog {
  write(source: 'out' | 'err' | 'marina', chunk: Buffer | string): Promise<void>
}

/** A longer line is broken, so that memory stays flat. */
const LINE_LIMIT_BYTES = 16 * 1024
const TAIL_LINES = 50
const TAIL_LINE_CHARACTERS = 1000
/** Progress lines are shown live at most this often; the file holds them all. */
const PROGRESS_EVERY_MS = 1000
/** A chunk is worked off in pieces of this size: what lives while a slow reader is waited for decides how far the heap grows. */
const PIECE_BYTES = 8 * 1024

/** What a log gives back of a disk that is full. */
const GIVEN_BACK_BYTES = 512 * 1024

const TAGS = { out: 'out', err: 'err', marina: '---' } as const
export type LogSource = keyof typeof TAGS

export interface LogSink {
  /** Resolves when both the file and the live view have taken it: awaiting it is the back-pressure. */
  write(source: LogSource, chunk: Buffer | string): Promise<void>
  /** Writes what is left and closes the file; again is nothing. */
  end(): Promise<void>
  /** The last lines, redacted and harmless to show. */
  tail(): readonly string[]
  readonly path: string
  /** Why the file could not be written to its end; the live view went on. `null` where it could. */
  readonly problem: string | null
}

export interface LogOptions {
  readonly path: string
  readonly redactor: Redactor
  /** Shows lines (one, or several with line breaks between them) to whoever watches. */
  readonly live: (line: string) => Promise<void>
  readonly now?: () => Date
}

/**
 * Opens the log, its folder included. Every line of the file is `TIME TAG text`: UTC with milliseconds, then `out`, `err`
 * or `---` (our own), with a `+` where it continues the line before. A disk that refuses to take the log does not end
 * the backup: `problem` says so, and the live view does.
 */
export async function openLog(options: LogOptions): Promise<LogSink> {
  const { path, redactor, live, now = () => new Date() } = options
  const ownLine = (text: string) => `${now().toISOString()} ${TAGS.marina} ${text}\n`
  const file = await fileThatMayFail(path, ownLine, (problem) => live(`--- ${problem}`))
  const streams = { out: outputStream(redactor), err: outputStream(redactor) }
  const tail = createTail(redactor)
  let turn: Promise<void> = Promise.resolve()
  let ended = false

  async function accept(source: LogSource, lines: readonly Line[], shown: readonly string[]): Promise<void> {
    const prefix = `${now().toISOString()} ${TAGS[source]}`
    await file.write(lines.map((line) => `${prefix}${line.continued ? '+' : ''} ${line.text}\n`).join(''))
    if (shown.length === 0) return
    const texts = source === 'marina' ? shown.map((text) => `--- ${text}`) : shown
    for (const text of texts) tail.push(text)
    // together: a call for each of millions of lines would leave so much garbage that the heap grows
    await live(shown.join('\n'))
  }

  async function take(source: LogSource, chunk: Buffer): Promise<void> {
    if (source === 'marina') {
      const splitter = splitLines(LINE_LIMIT_BYTES)
      const lines = [...splitter.write(Buffer.from(redactor.text(chunk.toString()))), ...splitter.end()]
      return accept(
        source,
        lines,
        lines.map((line) => line.text),
      )
    }
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      const lines = streams[source].write(chunk.subarray(at, at + PIECE_BYTES))
      await accept(source, lines, streams[source].shown(lines, now().getTime()))
    }
  }

  async function finish(): Promise<void> {
    for (const source of ['out', 'err'] as const) {
      const lines = streams[source].end()
      await accept(source, lines, [...streams[source].shown(lines, now().getTime()), ...streams[source].heldBack()])
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
    tail: () => tail.lines(),
    get problem() {
      return file.problem()
    },
  }
}

/** Redacts and splits one of the container's two outputs, and thins out progress lines for the live view. */
function outputStream(redactor: Redactor) {
  const masking = redactor.stream()
  const splitter: LineSplitter = splitLines(LINE_LIMIT_BYTES)
  let progressShownAt = Number.NEGATIVE_INFINITY
  let held: string | null = null

  function show(line: Line, at: number): boolean {
    if (line.progress && at - progressShownAt < PROGRESS_EVERY_MS) {
      held = line.text
      return false
    }
    if (line.progress) progressShownAt = at
    held = null
    return true
  }

  return {
    write: (chunk: Buffer) => splitter.write(masking.write(chunk)),
    end: () => [...splitter.write(masking.end()), ...splitter.end()],
    shown: (lines: readonly Line[], at: number) => lines.filter((line) => show(line, at)).map((line) => line.text),
    heldBack(): readonly string[] {
      const last = held === null ? [] : [held]
      held = null
      return last
    },
  }
}

function createTail(redactor: Redactor) {
  let kept: string[] = []
  return {
    push(text: string): void {
      kept.push(text)
      if (kept.length >= 4 * TAIL_LINES) kept = kept.slice(-TAIL_LINES)
    },
    // once more: what is taken out may have stood in the middle of a secret
    lines: (): readonly string[] =>
      kept.slice(-TAIL_LINES).map((text) => redactor.text(harmlessLine(text, TAIL_LINE_CHARACTERS))),
  }
}

/** The end of a log that filled the disk goes, so that the report, the outputs and the summary find room. */
async function giveRoom(log: FileHandle, lastLine: string): Promise<void> {
  const found = await log.stat()
  if (!found.isFile()) return
  await log.truncate(Math.max(0, found.size - GIVEN_BACK_BYTES))
  await log.appendFile(`\n${lastLine}`)
}

/** A file to append to. The first failure is told once, ends the writing, and is kept as `problem`; its last line says so. */
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
    async write(text: string): Promise<void> {
      if (text !== '') await attempt(async () => handle?.appendFile(text))
    },
    async close(): Promise<void> {
      await attempt(async () => handle?.close())
      handle = null
    },
  }
}
