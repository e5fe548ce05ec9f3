/** Writes the log of one instance: a file that holds all of it, redacted, and the live view in the job's log. */
import type { Redactor } from '../secrets/redaction.ts'
import { createLastLines, type LastLines } from './lastLines.ts'
import { createLineMemory } from './lineMemory.ts'
import { splitLines, type TakeLine } from './lines.ts'
import { openLogFile } from './logFile.ts'

/** Takes an instance's lines for its log file and the console. A writer waits for the promise before it goes on (back-pressure). */
export interface InstanceLog {
  write(source: 'out' | 'err' | 'marina', chunk: Buffer | string): Promise<void>
  /**
   * Begins anew to keep the last lines of stderr apart (`LogSink.stderr`). Among those of stdout, many lines of one would push out the
   * other's.
   */
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

const TAGS = { out: 'out', err: 'err', marina: '---' } as const
export type LogSource = keyof typeof TAGS

export interface LogSink extends InstanceLog {
  /** Writes what is left and closes the file. A second call does nothing. */
  end(): Promise<void>
  /**
   * Returns the last lines of stdout and stderr (without our own, and without the progress lines that the live view leaves out), redacted
   * and harmless to show.
   */
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
  /** Returns one of our own texts as it may stand in the live view. Default: as it is. */
  readonly shown?: (text: string) => string
  readonly now?: () => Date
}

/**
 * Opens the log and creates its folder. Every line of the file is `TIME TAG text`: UTC with milliseconds, then `out`, `err` or `---` (our
 * own), with a `+` if it continues the line before. A disk that does not take the log does not end the backup: `problem` and the live view
 * say so.
 */
export async function openLog(options: LogOptions): Promise<LogSink> {
  const { path, redactor, live, shown = asItIs, now = () => new Date() } = options
  const ownLine = (text: string) => `${now().toISOString()} ${TAGS.marina} ${text}\n`
  const file = await openLogFile(path, ownLine, (problem) => live(Buffer.from(`--- ${problem}\n`)))
  const streams = { out: outputStream(redactor), err: outputStream(redactor) }
  const view = createLiveView(options)
  const collector = createCollector(createLastLines(redactor, STDERR))
  const inTurn = oneAfterAnother()
  let ended = false

  /** Writes and shows what was collected, all lines of a piece at once: one call for each of millions of lines would leave much garbage. */
  async function handOn(source: LogSource): Promise<void> {
    await file.write(collector.written.bytes())
    collector.written.clear()
    if (collector.shown.length === 0) return
    await view.show(source, collector.shown.bytes())
    collector.shown.clear()
  }

  async function takeOwn(text: string): Promise<void> {
    const redacted = redactor.text(text)
    splitWhole(
      redacted,
      collector.take('marina', now(), () => false),
    )
    splitWhole(shown(redacted), collector.show)
    return handOn('marina')
  }

  function takeNow(source: 'out' | 'err'): TakeLine {
    const time = now()
    return collector.take(source, time, streams[source].showsAt(time))
  }

  async function take(source: 'out' | 'err', chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      streams[source].write(chunk.subarray(at, at + PIECE_BYTES), takeNow(source))
      await handOn(source)
    }
  }

  async function finish(): Promise<void> {
    for (const source of ['out', 'err'] as const) {
      streams[source].end(takeNow(source))
      const held = streams[source].heldBack()
      if (held !== null) collector.show(held)
      await handOn(source)
    }
    await file.close()
  }

  return {
    path,
    write: (source, chunk) =>
      inTurn(() =>
        source === 'marina'
          ? takeOwn(chunk.toString())
          : take(source, typeof chunk === 'string' ? Buffer.from(chunk) : chunk),
      ),
    end() {
      const work = ended ? async () => {} : finish
      ended = true
      return inTurn(work)
    },
    rememberStderr: collector.rememberStderr,
    tail: view.tail,
    stderr: () => collector.stderr.lines(),
    get problem() {
      return file.problem()
    },
  }
}

const asItIs = (text: string) => text

/** Shows lines in the job's log, and keeps the last that containers wrote. */
function createLiveView({ redactor, live, showsOutput = true }: LogOptions) {
  const tail = createLastLines(redactor, TAIL)
  return {
    tail: tail.lines,
    async show(source: LogSource, lines: Buffer): Promise<void> {
      if (source !== 'marina') tail.push(lines)
      if (showsOutput || source === 'marina') await live(lines)
    },
  }
}

function splitWhole(text: string, take: TakeLine): void {
  const splitter = splitLines(LINE_LIMIT_BYTES)
  splitter.write(Buffer.from(text), take)
  splitter.end(take)
}

/** Makes a function that does one work after another, in the order in which they are given. */
function oneAfterAnother(): (work: () => Promise<void>) => Promise<void> {
  let turn: Promise<void> = Promise.resolve()
  return (work) => {
    const done = turn.then(work)
    turn = done.catch(() => undefined) // whoever awaits `done` hears of it; the next in turn does not
    return done
  }
}

/** Collects lines as the file has them (`written`), those of the live view (`shown`), and the last ones of `stderr`. */
function createCollector(stderr: LastLines) {
  const written = createLineMemory()
  const shown = createLineMemory()
  let isRemembered = false

  function show(data: Buffer, start = 0, end = data.length): void {
    shown.add(data, start, end)
    shown.add(LINE_END)
  }

  return {
    written,
    shown,
    stderr,
    show,
    rememberStderr(): void {
      isRemembered = true
      stderr.clear()
    },
    /** Makes a taker of lines that come at one time. Those that `shows` allows are shown live. */
    take(source: LogSource, at: Date, shows: Shows): TakeLine {
      const begins = Buffer.from(`${at.toISOString()} ${TAGS[source]} `)
      const continues = Buffer.from(`${at.toISOString()} ${TAGS[source]}+ `)
      return (data, start, end, kind) => {
        written.add(kind.continued ? continues : begins)
        written.add(data, start, end)
        written.add(LINE_END)
        if (source === 'err' && isRemembered && start < end) stderr.pushLine(data, start, end, kind.progress)
        if (shows(data, start, end, kind.progress)) show(data, start, end)
      }
    },
  }
}

/** Tells whether a line is shown in the live view. */
type Shows = (data: Buffer, start: number, end: number, isProgress: boolean) => boolean

/**
 * Redacts one of the container's two outputs and splits it into lines. `showsAt` leaves out of the live view a progress line that comes too
 * soon after the one before (`PROGRESS_EVERY_MS`).
 */
function outputStream(redactor: Redactor) {
  const masking = redactor.stream()
  const splitter = splitLines(LINE_LIMIT_BYTES)
  const held = createLineMemory()
  let isHeld = false
  let progressShownAt = Number.NEGATIVE_INFINITY

  return {
    /** Makes the function that decides about lines which come at this time. */
    showsAt(time: Date): Shows {
      const ms = time.getTime()
      return (data, start, end, isProgress) => {
        isHeld = isProgress && ms - progressShownAt < PROGRESS_EVERY_MS
        if (isHeld) {
          held.clear()
          held.add(data, start, end)
        } else if (isProgress) progressShownAt = ms
        return !isHeld
      }
    },
    write: (chunk: Buffer, take: TakeLine) => splitter.write(masking.write(chunk), take),
    end(take: TakeLine): void {
      splitter.write(masking.end(), take)
      splitter.end(take)
    },
    /** Returns the last line, if it was left out of the live view; else `null`. */
    heldBack: (): Buffer | null => (isHeld ? held.bytes() : null),
  }
}
