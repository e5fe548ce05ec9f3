/**
 * Prints commands, which the runner obeys, and text, which it never obeys.
 *
 * Text of a group, and any text that could act as a command, is printed inside a stop-commands guard. A command that is printed while a
 * guard is open closes the guard before it and opens a new one after it, all in one write and between two whole lines.
 */
import { type Redactor, redactorOf } from '../../secrets/redaction.ts'
import { commandLine, type Guard, looksLikeCommand, newGuard } from './commands.ts'
import type { StdoutWriter } from './stdout.ts'

export interface Printer {
  /** Prints a command, which acts at once, even inside a group. Nothing of it is redacted here: the caller does that. */
  command(name: string, properties: Readonly<Record<string, string>>, data: string): Promise<void>
  /** Prints lines that belong to no section, as `presentable` makes them. They can never act as commands. */
  plain(text: string): Promise<void>
  /** Opens a group, with the title redacted. Text that is printed until `closeGroup` is guarded. Only one group can be open. */
  openGroup(title: string): void
  /** Prints whole lines of the open group unchanged: make them `presentable` before. The buffer may be used again when the promise resolves. */
  guarded(lines: string | Buffer): Promise<void>
  closeGroup(): Promise<void>
  /**
   * Tells the runner to hide these values, and hides them and all earlier ones in what `plain`, `openGroup`, `presentable` and `redact` are
   * given from now on. With `knowing`, that redactor alone decides what is hidden, until the next call: it must know these values and all
   * earlier ones.
   */
  mask(values: readonly string[], knowing?: Redactor): void
  /** Returns the text as a group may show it: redacted, and without marks that the log's page would take for its own (`##[…]`). */
  presentable(text: string): string
  /** Does for bytes what `presentable` does for text. Returns the same buffer if there is nothing to change. */
  presentableBytes(bytes: Buffer): Buffer
  redact(text: string): string
}

export function createPrinter(output: StdoutWriter): Printer {
  const masked: string[] = []
  let redactor: Redactor = redactorOf([])
  let guard: Guard | null = null

  function act(lines: string): Promise<void> {
    if (guard === null) return output.now(lines)
    const left = guard
    guard = newGuard()
    return output.now(left.close + lines + guard.open)
  }

  /** Redacts, and breaks `##[error]`, `##[endgroup]` and the like: GitHub's log page obeys them, even inside a stop-commands guard. */
  const presentable = (text: string) => redactor.text(text).replaceAll('##[', '##\\[')

  function plain(text: string): Promise<void> {
    const lines = `${presentable(text)}\n`
    if (guard !== null || !looksLikeCommand(lines)) return output.now(lines)
    const own = newGuard()
    return output.now(own.open + lines + own.close)
  }

  return {
    command: (name, properties, data) => act(`${commandLine(name, properties, data)}\n`),
    plain,
    openGroup(title) {
      guard = newGuard()
      void output.now(`${commandLine('group', {}, redactor.text(title))}\n${guard.open}`) // the first line waits instead
    },
    guarded: (lines) => (typeof lines === 'string' ? output.batch(lines) : output.bytes(lines)),
    closeGroup() {
      const close = guard?.close ?? ''
      guard = null
      return output.now(`${close}${commandLine('endgroup', {}, '')}\n`)
    },
    mask(values, knowing) {
      masked.push(...values)
      redactor = knowing ?? redactorOf(masked)
      if (values.length === 0) return
      void act(values.map((value) => `${commandLine('add-mask', {}, value)}\n`).join('')) // later writes wait instead
    },
    presentable,
    presentableBytes(bytes) {
      const masked = redactor.bytes(bytes)
      return masked.includes('##[') ? Buffer.from(masked.toString().replaceAll('##[', '##\\[')) : masked
    },
    redact: (text) => redactor.text(text),
  }
}
