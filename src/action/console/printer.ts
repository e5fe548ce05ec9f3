/**
 * Prints commands that the runner obeys and text that it never does.
 *
 * Where text could act, or belongs to a section, it stands inside a stop-commands guard. A command that is due meanwhile
 * leaves the guard and enters a fresh one, in one write and always between two whole lines.
 */
import { type Redactor, redactorOf } from '../../secrets/redaction.ts'
import { commandLine, type Guard, looksLikeCommand, newGuard } from './commands.ts'
import type { StdoutWriter } from './stdout.ts'

export interface Printer {
  /** Prints a command, which acts at once. `data` is printed unredacted, because it may be the value that is to be masked. */
  command(name: string, properties: Readonly<Record<string, string>>, data: string): Promise<void>
  /** Prints lines that belong to no section, redacted. They can never act as commands. */
  plain(text: string): Promise<void>
  /** Opens a group. Everything until `closeGroup` is guarded. Only one group can be open. */
  openGroup(title: string): void
  /** Prints whole lines of the open group unchanged. The buffer may be used again when the promise resolves. */
  guarded(lines: string | Buffer): Promise<void>
  closeGroup(): Promise<void>
  /**
   * Tells the runner to hide these values, and hides them and all earlier ones in what is printed from now on. With `knowing`, that
   * redactor alone decides from now on what is hidden: it must know all these values.
   */
  mask(values: readonly string[], knowing?: Redactor): void
  /** Returns the text as a group may show it: redacted, and without marks that the log's page would take for its own (`##[…]`). */
  presentable(text: string): string
  /** Does the same for bytes. Returns the same buffer if there is nothing to hide. */
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

  /** Breaks `##[error]`, `##[endgroup]` and the like: GitHub's log page obeys them, even inside a stop-commands guard. */
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
