/** Prints the sections of the job's log as groups: one is live, and lines of the others wait and are printed one section after the other. */
import type { Printer } from './printer.ts'
import { createSpool, type Spool } from './spool.ts'

export interface Section {
  /** Prints a text of one or more lines, without its last line end, as `Printer.presentable` makes it. Resolves when more may come. */
  line(text: string): Promise<void>
  /** Prints whole lines, the last one with its line end. Resolves when more may come and the buffer may be used again. */
  lines(bytes: Buffer): Promise<void>
  /** Ends the section. One that still waits for its turn is printed later; `Console.settle` and `Console.end` wait for that. */
  end(): Promise<void>
}

interface Sections {
  open(title: string): Section
  /** Ends all sections. Resolves when those that wait are printed. */
  end(): Promise<void>
}

interface State {
  readonly title: string
  readonly spool: Spool
  ended: boolean
  /** Pending while the section, now live, prints its spooled lines: further lines of it wait for that. `null` at any other time. */
  catchingUp: Promise<void> | null
}

async function printSpool(printer: Printer, { spool }: State): Promise<void> {
  try {
    for await (const lines of spool.read()) await printer.guarded(lines)
    await spool.remove()
  } catch (error) {
    await printer.guarded(`Some lines could not be read back (${(error as Error).message}): they are in the log.\n`)
  }
}

/** Makes the sections. `temp` is the folder for the lines of sections that wait. */
export function createSections(printer: Printer, temp: string): Sections {
  let live: State | null = null
  const waiting: State[] = []
  let promotions: Promise<void> = Promise.resolve()

  function goLive(state: State): void {
    live = state
    printer.openGroup(state.title)
  }

  function leaveLive(): Promise<void> {
    live = null
    return printer.closeGroup()
  }

  /** Prints what waits, ended sections first, until a section that is still open becomes the live one. */
  async function promote(): Promise<void> {
    while (live === null) {
      const next = waiting.find((state) => state.ended) ?? waiting[0]
      if (next === undefined) return
      waiting.splice(waiting.indexOf(next), 1)
      goLive(next)
      next.catchingUp = printSpool(printer, next)
      await next.catchingUp
      next.catchingUp = null
      if (next.ended) await leaveLive()
    }
  }

  function promoteSoon(): void {
    promotions = promotions.then(promote)
  }

  async function line(state: State, text: string): Promise<void> {
    if (state.catchingUp !== null) await state.catchingUp
    if (live === state) return printer.guarded(`${printer.presentable(text)}\n`)
    if (state.ended) return printer.plain(text) // said too late for its group, but not lost
    return state.spool.add(`${printer.presentable(text)}\n`)
  }

  async function lines(state: State, bytes: Buffer): Promise<void> {
    if (state.catchingUp !== null) await state.catchingUp
    if (live === state) return printer.guarded(printer.presentableBytes(bytes))
    return line(state, bytes.toString('utf8', 0, bytes.length - 1))
  }

  async function endOne(state: State): Promise<void> {
    if (state.ended) return
    state.ended = true
    if (live !== state || state.catchingUp !== null) return // `promote` ends it when it has printed it
    await leaveLive()
    promoteSoon()
  }

  return {
    open(title) {
      const state: State = { title, spool: createSpool(temp), ended: false, catchingUp: null }
      if (live === null && waiting.length === 0) goLive(state)
      else waiting.push(state)
      return { line: (text) => line(state, text), lines: (bytes) => lines(state, bytes), end: () => endOne(state) }
    },
    async end() {
      for (const state of waiting) state.ended = true
      if (live !== null) await endOne(live)
      promoteSoon()
      await promotions
    },
  }
}
