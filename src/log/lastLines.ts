/** Keeps the last lines of an output as people are shown them: few, redacted, and harmless to print. */
import { lastWritten } from '../format.ts'
import { harmlessLine } from '../report/sanitize.ts'
import type { Redactor } from '../secrets/redaction.ts'
import { createLineMemory, startOfLast } from './lineMemory.ts'

export interface LastLines {
  /** Takes lines, each with its line end. */
  push(lines: Buffer): void
  /** Takes the line from byte `start` to `end`. A progress line is replaced by the next line, as on a terminal. */
  pushLine(data: Buffer, start: number, end: number, isProgress: boolean): void
  clear(): void
  /** Returns the last lines, oldest first. */
  lines(): readonly string[]
}

interface Bounds {
  readonly lines: number
  /** Longest line, characters; a longer one is cut, and ends in `…`. */
  readonly lineCharacters: number
  /** Length of all lines together, characters; the oldest are left out. */
  readonly characters: number
}

const LINE_END = Buffer.from('\n')
/** Bytes by which the memory grows at least before lines that are too old are dropped. */
const SLACK_BYTES = 64 * 1024

export function createLastLines(redactor: Redactor, bounds: Bounds): LastLines {
  const kept = createLineMemory()
  const progress = createLineMemory()
  let tidyAt = SLACK_BYTES

  function tidy(): void {
    if (kept.length < tidyAt) return
    kept.keepLast(bounds.lines)
    tidyAt = 2 * kept.length + SLACK_BYTES
  }

  return {
    push(lines) {
      kept.add(lines, startOfLast(lines, bounds.lines))
      tidy()
    },
    pushLine(data, start, end, isProgress) {
      progress.clear()
      const memory = isProgress ? progress : kept
      memory.add(data, start, end)
      memory.add(LINE_END)
      tidy()
    },
    clear() {
      kept.clear()
      progress.clear()
    },
    lines() {
      const texts = `${kept.bytes()}${progress.bytes()}`.split('\n').slice(0, -1).slice(-bounds.lines)
      // redacted once more: what `harmlessLine` takes out may have stood in the middle of a secret
      const shown = texts.map((text) => redactor.text(harmlessLine(lastWritten(text), bounds.lineCharacters)))
      let room = bounds.characters
      const first = shown.findLastIndex((line) => {
        room -= line.length
        return room < 0
      })
      return shown.slice(first + 1)
    },
  }
}
