/** What one database engine tells the dump: which tool, how it is called in the container, and how a whole dump ends. */

import type { DbKind } from '../../config/model.ts'
import { InstanceError } from '../../errors.ts'

/** The programs that were found in the container, each with the first line of its `--version`. */
export type DumpTools = ReadonlyMap<string, string>

export interface DumpQuestion {
  readonly kind: DbKind
  readonly tools: DumpTools
  /** Empty: the whole server. */
  readonly databases: readonly string[]
  /** As written in the configuration. */
  readonly dumpArgs: readonly string[]
  /** Entrypoint and command of the container. */
  readonly command: readonly string[]
}

/** One file of a dump, and the script that writes it on stdout, for the container's `sh`. */
export interface DumpFile {
  readonly database: string | null
  /** Name in the dump's directory. */
  readonly name: string
  readonly script: string
  /** Words of ours for the script, `$1` and on. */
  readonly args: readonly string[]
  /** For the script: the arguments out of the configuration, passwords lifted out of them. Never in an argument list of ours. */
  readonly env: Readonly<Record<string, string>>
}

export interface DumpPlan {
  /** The program that dumps, a key of the tools found. */
  readonly tool: string
  readonly files: readonly DumpFile[]
  /** What a person should know of how the arguments were understood. */
  readonly notices: readonly string[]
  /** A question to the server that must be answered well before the dump begins. */
  readonly rights: RightsQuestion | null
  /** Whether a line on stderr is worth a warning on the target; the log has every line. */
  readonly isWarning: (line: string) => boolean
  /** A new check for each file. */
  readonly wholeness: () => DumpCheck
}

export interface RightsQuestion {
  readonly script: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Judges what the script printed. */
  readonly judge: (stdout: string) => { readonly error: string | null; readonly warning: string | null }
}

/** Watches a dump stream by, in memory that does not grow with it. */
export interface DumpCheck {
  /** Takes the next bytes of the tool, gives those that belong into the file (a few may be held back to the end). */
  pass(chunk: Buffer): Buffer | Promise<Buffer>
  /** The stream has ended: the bytes still held back, and what the dump lacks to be whole, or `null`. */
  end(): Promise<{ readonly rest: Buffer; readonly missing: string | null }>
}

/** Warnings as the SQL tools write them; `--verbose` fills stderr with lines that are none. */
export function saysWarning(line: string): boolean {
  return /\b(warn(ing)?|error|fatal|denied|detail|hint|skipp(ed|ing)|fail(ed|ure)?)\b/i.test(line)
}

/** The file name of one database's dump. Throws an `InstanceError` where its name cannot be one. */
export function fileNameOf(database: string, extension: string): string {
  const name = `${database}${extension}`
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (database === '' || /[/\u0000-\u001f\u007f]/.test(name) || Buffer.byteLength(name) > 250)
    throw new InstanceError(
      `database ${JSON.stringify(database)} cannot be dumped to a file of its name: leave databases out, so that the whole server is dumped`,
    )
  return name
}
