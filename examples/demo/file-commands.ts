/** The runner's files for outputs and state, as the runner reads them. */

import { readFile } from 'node:fs/promises'

/** `NAME=value` lines and `NAME<<DELIMITER` blocks; throws, as the runner fails the step, on anything else. */
export async function parseFileCommands(path: string): Promise<Record<string, string>> {
  const values: Record<string, string> = {}
  const lines = (await readFile(path, 'utf8')).split(/\r?\n/)
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ''
    if (line === '') continue
    const equals = line.indexOf('=')
    const heredoc = line.indexOf('<<')
    if (heredoc > 0 && (equals < 0 || heredoc < equals)) {
      const end = lines.indexOf(line.slice(heredoc + 2), at + 1)
      if (end < 0) throw new Error(`the runner would not find the end of ${line} in ${path}`)
      values[line.slice(0, heredoc)] = lines.slice(at + 1, end).join('\n')
      at = end
    } else if (equals > 0) {
      values[line.slice(0, equals)] = line.slice(equals + 1)
    } else {
      throw new Error(`the runner would not understand the line ${line} in ${path}`)
    }
  }
  return values
}
