/**
 * Writes the runner's workflow commands as text, and recognises text that could act as one. Escaping is that of actions/toolkit
 * (core/src/command.ts). What counts as a command is decided by actions/runner (ActionCommand.cs): `::name …::` at the start of a trimmed
 * line, `##[name …]` anywhere.
 */
import { randomBytes } from 'node:crypto'

/** Writes one command, such as `::error file=a::text`, without a line end. Properties that are empty are left out. */
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
 * Tells whether the runner could take a line of this text for a command. It is stricter than the runner: `::` counts anywhere, and all
 * characters but printable ASCII are skipped, because the runner's comparison might skip some (zero width, control).
 */
export function looksLikeCommand(text: string): boolean {
  return /::|##\[/.test(text.replace(/[^\x20-\x7e]/g, ''))
}

/** Two lines, each with its line end, between which the runner obeys no command. Each guard has a random word, which nobody can know before. */
export interface Guard {
  readonly open: string
  readonly close: string
}

export function newGuard(): Guard {
  const word = `marina-${randomBytes(24).toString('hex')}`
  return { open: `::stop-commands::${word}\n`, close: `::${word}::\n` }
}
