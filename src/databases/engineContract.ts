/** What the code must know of one database engine: how it is recognised, where its arguments hold passwords, how it is dumped, and how a whole dump ends. */

import { InstanceError } from '../errors.ts'

/** One database engine. A new one is a file that exports such an object, and its name in the list of `index.ts`. */
export interface DatabaseEngine {
  /** The words of `dbKind` that mean this engine, each with the signs by which a container shows it. */
  readonly kinds: Readonly<Record<string, KindSigns>>
  /** The programs to look for in the container. */
  readonly tools: readonly string[]
  /** Takes out of `dumpArgs` every secret that stands in them. What it takes is hidden before anything else is done with the rest. */
  readonly extractSecrets: (dumpArgs: readonly string[]) => ExtractedArgs
  /** Says how to dump. Throws an `InstanceError` where it cannot be done, with what to do about it. */
  readonly plan: (question: DumpQuestion) => DumpPlan
}

/** How a container shows the kind of its database. */
export interface KindSigns {
  /** Matches the last part of the image's name, without its tag. */
  readonly image: RegExp
  /** Matches the name of the server's program. */
  readonly server: RegExp
  /** Matches the names of environment variables that only images of this kind have; `null` where there is none. */
  readonly variable: RegExp | null
  /** The program that suggests this kind where nothing else tells it. */
  readonly tool: string
}

/** `dumpArgs` without their secrets. */
export interface ExtractedArgs {
  readonly args: readonly string[]
  /** `null` where there was none. The last one counts, as it does for the tools. */
  readonly password: string | null
  /** The user that a connection URL names; `null` where none does. */
  readonly user: string | null
  /** Where passwords stood, in a person's words: `-p`, `the connection URL`. Holds no secret. */
  readonly places: readonly string[]
  /** Every text that must not be shown: what was taken out, as it was written and as it is meant. */
  readonly secrets: readonly string[]
  /** A secret that the tool accepts on its command line alone, named without its value; `null` where there is none. */
  readonly exposed: string | null
}

/** The programs that were found in the container, each with the first line of its `--version`. */
export type DumpTools = ReadonlyMap<string, string>

export interface DumpQuestion {
  readonly kind: string
  readonly tools: DumpTools
  /** Empty: the whole server. */
  readonly databases: readonly string[]
  readonly given: ExtractedArgs
  /** Entrypoint and command of the container. */
  readonly command: readonly string[]
  /** Names of the container's environment variables. */
  readonly env: readonly string[]
}

/** One file of a dump, and the script that writes it on stdout, for the container's `sh`. */
export interface DumpFile {
  readonly database: string | null
  /** Name in the dump's directory. */
  readonly name: string
  readonly script: string
  /** Words of ours for the script, `$1` and on. */
  readonly args: readonly string[]
  /** For the script: the arguments out of the configuration, and the passwords extracted from them. Never in an argument list of ours. */
  readonly env: Readonly<Record<string, string>>
}

export interface DumpPlan {
  /** The program that dumps, a key of the tools found. */
  readonly tool: string
  readonly files: readonly DumpFile[]
  /** What the target's owner should change or know; each becomes a warning of the run. */
  readonly notices: readonly string[]
  /** A question to the server that must be answered well before the dump begins. */
  readonly rights: RightsQuestion | null
  /** Tells whether a line on stderr is worth a warning on the target; the log has every line. */
  readonly isWarning: (line: string) => boolean
  /** Makes a new check for each file. */
  readonly check: () => DumpCheck
  /** Says what to write in the configuration where the tool failed with these words; `null` where they tell nothing. */
  readonly hint: (words: string) => string | null
  /** Passwords that stand in the server's own command line: to be hidden too. */
  readonly secrets: readonly string[]
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

/** Recognises the warnings of the tools; `--verbose` fills stderr with lines that are none. */
export function saysWarning(line: string): boolean {
  return /\b(warn(ing)?|error|fatal|denied|skipp(ed|ing)|fail(ed|ure)?)\b/i.test(line)
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

/** Finds the tool of the first name that the container has. Throws an `InstanceError` where it has none of them. */
export function findTool(tools: DumpTools, names: readonly string[], packageName: string): string {
  const found = names.find((name) => tools.has(name))
  if (found !== undefined) return found
  const missing = names.length === 1 ? `${names[0]} is not found` : `neither ${names.join(' nor ')} is found`
  throw new InstanceError(`${missing} in the container: install ${packageName} in its image`)
}
