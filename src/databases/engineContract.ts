/**
 * Defines what the code must know of one database engine: how it is recognised, where its arguments hold passwords, how it is dumped, and
 * how a complete dump ends.
 */

import { InstanceError } from '../errors.ts'

/** One database engine. To add one, write a file that exports such an object, and add its name to the list in `engines.ts`. */
export interface DatabaseEngine {
  /** The words of `dbKind` for this engine, each with the signs by which a container is recognised. */
  readonly kinds: Readonly<Record<string, KindSigns>>
  /** The programs to look for in the container. */
  readonly tools: readonly string[]
  /** Removes every secret from `dumpArgs`. The caller hides what was removed before it does anything else with the rest. */
  readonly extractSecrets: (dumpArgs: readonly string[]) => ExtractedArgs
  /** Decides how to dump. Throws an `InstanceError` that says what to do if it is impossible. */
  readonly plan: (question: DumpQuestion) => DumpPlan
}

/** Signs by which a container shows the kind of its database. */
export interface KindSigns {
  /** Matches the last part of the image's name, without its tag. */
  readonly image: RegExp
  /** Matches the name of the server's program. */
  readonly server: RegExp
  /** Matches the names of environment variables that only images of this kind have; `null` where there is none. */
  readonly variable: RegExp | null
  /** Matches the folder in which the usual images keep the server's data. */
  readonly data: RegExp
  /** The program whose presence suggests this kind, if no other sign does; `null` if it has none that others lack (`curl`). */
  readonly tool: string | null
}

/** `dumpArgs` without their secrets. */
export interface ExtractedArgs {
  readonly args: readonly string[]
  /** The password; `null` if there was none. If there are several the last one counts, as in the tools themselves. */
  readonly password: string | null
  /** The user of a connection URL; `null` if none names one. */
  readonly user: string | null
  /** Where passwords stood, for messages: `-p`, `the connection URL`. Contains no secret. */
  readonly places: readonly string[]
  /** Every text that must not be shown: what was removed, in its written form and in its decoded form. */
  readonly secrets: readonly string[]
  /** Name of a secret that the tool accepts only on its command line, where others can see it; `null` if there is none. */
  readonly exposed: string | null
  /** Why the arguments cannot be used although nothing secret of them is shown, and how to write them; `null` if they can. Contains no secret. */
  readonly refusal: string | null
}

/** The programs that were found in the container, each with the first line of its `--version`. */
export type DumpTools = ReadonlyMap<string, string>

export interface DumpQuestion {
  readonly kind: string
  readonly tools: DumpTools
  /** The databases to dump. Empty: the whole server. */
  readonly databases: readonly string[]
  readonly given: ExtractedArgs
  /** Entrypoint and command of the container. */
  readonly command: readonly string[]
  /** Names of the container's environment variables. */
  readonly env: readonly string[]
}

/** One file of a dump, and the script for the container's `sh` that writes it to stdout. */
export interface DumpFile {
  readonly database: string | null
  /** Name in the dump's directory. */
  readonly name: string
  readonly script: string
  /** Arguments that we choose ourselves, the script's `$1` and on. */
  readonly args: readonly string[]
  /**
   * Environment of the script: the arguments from the configuration, and the passwords that were removed from them. They never stand in an
   * argument list of ours.
   */
  readonly env: Readonly<Record<string, string>>
}

export interface DumpPlan {
  /** The program that dumps; a key of `DumpTools`. */
  readonly tool: string
  readonly files: readonly DumpFile[]
  /** What the target's owner should change or know. Each becomes a warning of the run. */
  readonly notices: readonly string[]
  /** A question about the account's rights that the server must answer before the dump begins; `null` if there is none. */
  readonly rights: RightsQuestion | null
  /** Tells whether a line of stderr becomes a warning of the target. The log has every line anyway. */
  readonly isWarning: (line: string) => boolean
  /** Tells whether a line of stderr belongs to the warning above it. */
  readonly isContinuation: (line: string) => boolean
  /** Makes a new check. Called once for each file. */
  readonly check: () => DumpCheck
  /** Says what to write in the configuration if the tool failed with these words; `null` if the words suggest nothing. */
  readonly hint: (words: string) => string | null
  /** Passwords from the server's own command line, which must be hidden too. */
  readonly secrets: readonly string[]
}

export interface RightsQuestion {
  readonly script: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Judges the script's output. */
  readonly judge: (stdout: string) => { readonly error: string | null; readonly warning: string | null }
}

/** Checks a dump while it streams by. Its memory does not grow with the dump. */
export interface DumpCheck {
  /** Takes the next bytes of the tool and returns those to write to the file. A few bytes may be kept back until the end. */
  pass(chunk: Buffer): Buffer | Promise<Buffer>
  /** Ends the check: returns the bytes that were kept back, and what the dump lacks to be complete (`null`: nothing). */
  end(): Promise<{ readonly rest: Buffer; readonly missing: string | null }>
}

/** Tells whether a line of a tool is a warning. `--verbose` fills stderr with lines that are none. */
export function saysWarning(line: string): boolean {
  return /\b(warn(ing)?|error|fatal|denied|skipp(ed|ing)|fail(ed|ure)?)\b/i.test(line)
}

/** Tells whether a line is indented, and so belongs to the one above it. */
export function isIndented(line: string): boolean {
  return /^(?:\t| {2,})\S/.test(line)
}

/** Makes the file name of one database's dump. Throws an `InstanceError` if the database's name cannot be a file name. */
export function fileNameOf(database: string, extension: string): string {
  const name = `${database}${extension}`
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (database === '' || /[/\u0000-\u001f\u007f]/.test(name) || Buffer.byteLength(name) > 250)
    throw new InstanceError(
      `database ${JSON.stringify(database)} cannot be dumped to a file of its name: leave databases out, so that the whole server is dumped`,
    )
  return name
}

/** Finds the first of these programs that the container has. Throws an `InstanceError` if it has none of them. */
export function findTool(tools: DumpTools, names: readonly string[], packageName: string): string {
  const found = names.find((name) => tools.has(name))
  if (found !== undefined) return found
  const missing = names.length === 1 ? `${names[0]} is not found` : `neither ${names.join(' nor ')} is found`
  throw new InstanceError(`${missing} in the container: install ${packageName} in its image`)
}
