/**
 * The runner's workflow commands, as text. Escaping is that of actions/toolkit (core/src/command.ts); what counts as a
 * command is that of actions/runner (ActionCommand.cs): `::name …::` at the start of a trimmed line, `##[name …]` anywhere.
 */
import { randomBytes } from 'node:crypto'

/** Writes one command, without its line end. Properties that are empty are left out. */
export function commandLine(name: string, properties: Readonly<Record<string, string>>, data: string): string {
  const given = Object.entries(properties)
    .filter(([, value]) => value !== '')
    .map(([key, value]) => `${key}=${escapeProperty(value)}`)
  return `::${name}${given.length === 0 ? '' : ` ${given.join(',')}`}::${escapeData(data)}`
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

/**
 * Returns true where a line could be taken for a command. Stricter than the runner: characters that its comparison might skip
 * (zero width, control) are skipped here, and `::` counts anywhere.
 */
export function looksLikeCommand(text: string): boolean {
  return /::|##\[/.test(text.replace(/[^\x20-\x7e]/g, ''))
}

/** Between `open` and `close` the runner obeys no command. Each guard has a word of its own, which nobody can know before. */
export interface Guard {
  readonly open: string
  readonly close: string
}

export function newGuard(): Guard {
  const word = `marina-${randomBytes(24).toString('hex')}`
  return { open: `::stop-commands::${word}\n`, close: `::${word}::\n` }
}
