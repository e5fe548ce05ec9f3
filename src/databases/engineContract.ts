/**
 * Defines what the code must know of one database engine: how it is recognised, where its arguments hold passwords, how it is dumped, and
 * how its dump is checked. What a load, a count and a scratch server need is in contracts of their own. Also holds small pieces that the
 * engines share.
 */

import { InstanceError } from '../errors.ts'
import type { AskQuestion, CountPlan, CountQuestion } from './countContract.ts'
import type { JudgedOptions } from './dumpOptions.ts'
import type { FilesPlan, FilesQuestion } from './fileContract.ts'
import type { LoadPlan, LoadQuestion, LoadScript } from './loadContract.ts'
import type { PresencePlan, PresenceQuestion } from './presenceContract.ts'
import type { CountedRows } from './rows/tally.ts'
import type { ScratchPlan, ScratchQuestion } from './scratchContract.ts'

/** One database engine. To add one, write a folder with a file that exports such an object, and add its name to the list in `engines.ts`. */
export interface DatabaseEngine {
  /** The words of `dbKind` for this engine, each with the signs by which a container is recognised. */
  readonly kinds: Readonly<Record<string, KindSigns>>
  /** The programs of this engine that a dump may need in a container. */
  readonly tools: readonly string[]
  /** Takes the secrets out of `dumpArgs`, or refuses the arguments. The caller masks `secrets` before it does anything else with the rest. */
  readonly extractSecrets: (dumpArgs: readonly string[]) => ExtractedArgs
  /** Judges the `dumpArgs`, without their secrets: does a dump of the whole server, or of one database, leave something out? */
  readonly judgeOptions: (args: readonly string[], isServer: boolean) => JudgedOptions
  /** Decides how to dump. Throws an `InstanceError` that says what to do if the dump is impossible. */
  readonly plan: (question: DumpQuestion) => DumpPlan
  /** The programs of this engine that a load may need in a container. */
  readonly loadTools: readonly string[]
  /** Decides how to load a dump. Throws an `InstanceError` that says what to do if the load is impossible. */
  readonly planLoad: (question: LoadQuestion) => LoadPlan
  /** Decides how a dump takes the place of a server's own file while it is stopped; `null`: it is loaded into the running server. */
  readonly planFiles: ((question: FilesQuestion) => FilesPlan) | null
  /** Decides how to count the rows of a server. Throws an `InstanceError` if they cannot be counted. */
  readonly planCount: (question: CountQuestion) => CountPlan
  /** Makes the script that asks a server a question of the configuration, and prints its answer alone. */
  readonly planAsk: (question: AskQuestion) => LoadScript
  /** Decides how to tell whether a database is there, and how to drop it; `null`: its databases have no names. */
  readonly planPresence: ((question: PresenceQuestion) => PresencePlan) | null
  /** Tells whether a table, by its name in a manifest, is the server's own, so that its rows prove nothing. */
  readonly isOwnTable: (table: string) => boolean
  /** Decides how to start a server that is thrown away. */
  readonly planScratch: (question: ScratchQuestion) => ScratchPlan
}

/** Signs by which a container shows the kind of its database. */
export interface KindSigns {
  /** Matches the last part of the image's name, in small letters and without its tag. */
  readonly image: RegExp
  /** Matches the name of the server's program in the container's command. */
  readonly server: RegExp
  /** Matches the names of environment variables that only images of this kind have; `null` where there is none. */
  readonly variable: RegExp | null
  /** Matches a folder in which the usual images keep the server's data. */
  readonly data: RegExp
  /** The program whose presence suggests this kind if no other sign does; `null` if the engine needs only programs that other images have too. */
  readonly tool: string | null
}

/** The outcome of taking the secrets out of `dumpArgs`. The arguments may be used only if `exposed` and `refusal` are `null`. */
export interface ExtractedArgs {
  readonly args: readonly string[]
  /** The password that was taken out; `null` if there was none. Of several the last one counts, as in the tools themselves. */
  readonly password: string | null
  /** The user in a connection URL, for an engine that needs it apart from `args` (MongoDB); `null` if none is named. */
  readonly user: string | null
  /** The places where passwords stood, for messages: `-p`, `the connection URL`. It contains no secret. */
  readonly places: readonly string[]
  /** Every text to mask: secrets that were taken out or refused, as written and decoded. */
  readonly secrets: readonly string[]
  /**
   * Name of an option or parameter with a secret that the tool accepts only on its command line, where others can see it; `null` if none is
   * there.
   */
  readonly exposed: string | null
  /**
   * The reason why the arguments cannot be used, and how to write them, in words that follow "dumpArgs"; `null` if they can. It contains no
   * secret.
   */
  readonly refusal: string | null
}

/** The programs that were found in the container, each with the first line of what `--version` prints. */
export type DumpTools = ReadonlyMap<string, string>

export interface DumpQuestion {
  readonly kind: string
  readonly tools: DumpTools
  /** Names of the databases to dump. Empty: the whole server. */
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
  /** Name of the file in the dump's folder. */
  readonly name: string
  readonly script: string
  /** The script's `$1` and on. None of them comes from the configuration. */
  readonly args: readonly string[]
  /**
   * Environment of the script: the arguments from the configuration, the passwords that were taken out of them, and what else a script
   * needs. Nothing from the configuration stands in an argument list of ours.
   */
  readonly env: Readonly<Record<string, string>>
}

export interface DumpPlan {
  /** The program that dumps; a key of `DumpTools`. */
  readonly tool: string
  readonly files: readonly DumpFile[]
  /** Sentences that tell the target's owner what to know or to change. Each becomes a warning. */
  readonly notices: readonly string[]
  /** A question that is asked before the dump, because the dump silently lacks what the account may not see; `null` if there is none. */
  readonly rights: RightsQuestion | null
  /** A question about the server, for the manifest; `null` if the engine has no such question, or the container no program that could ask it. */
  readonly facts: FactsQuestion | null
  /** Tells whether a line of stderr becomes a warning of the target. The log has every line anyway. */
  readonly isWarning: (line: string) => boolean
  /** Tells whether a line of stderr belongs to the warning above it. */
  readonly isContinuation: (line: string) => boolean
  /** Makes a new check; it is called once for each file. */
  readonly check: () => DumpCheck
  /** Says what to write in the configuration after the tool failed with these words; `null` if the words suggest nothing. */
  readonly hint: (words: string) => string | null
  /** Passwords from the server's own command line, to be masked too. */
  readonly secrets: readonly string[]
}

export interface RightsQuestion {
  readonly script: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Judges what the script printed. `error`: the dump would lack something. `warning`: it may. `null`: there is none. */
  readonly judge: (stdout: string) => { readonly error: string | null; readonly warning: string | null }
}

export interface FactsQuestion {
  readonly script: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Reads what the script printed. Throws an `Error` if it is something else. */
  readonly read: (stdout: string) => ServerFacts
}

/** Facts about a server that a restore needs beside its data. */
export interface ServerFacts {
  /** Its version in its own words; `null` if it did not say. */
  readonly version: string | null
  /** Settings that decide whether a dump can be loaded, and what it then means, by the server's own names. */
  readonly settings: Readonly<Record<string, string>>
  readonly databases: readonly DatabaseFacts[]
  /** Names of the roles, or accounts. */
  readonly roles: readonly string[]
}

export interface DatabaseFacts {
  readonly name: string
  readonly settings: Readonly<Record<string, string>>
  readonly extensions: readonly { readonly name: string; readonly version: string }[]
}

/** Checks a dump while it streams by. It needs the same memory whatever the size of the dump. */
export interface DumpCheck {
  /** Takes the tool's next bytes and returns those to write to the file. Bytes may be kept back until the end. */
  pass(chunk: Buffer): Buffer | Promise<Buffer>
  /** Ends the check. */
  end(): Promise<CheckedDump>
}

export interface CheckedDump {
  /** The bytes that were kept back. */
  readonly rest: Buffer
  /** Says what the dump lacks to be complete; `null`: nothing. */
  readonly missing: string | null
  /** The rows of the dump; absent if nobody counts them in a dump of this form. */
  readonly counted?: CountedRows
  /** The version of the server, if the dump names it. */
  readonly serverVersion?: string
}

/** Tells whether a line of a tool's stderr is a warning or an error. `--verbose` fills stderr with lines that are none. */
export function saysWarning(line: string): boolean {
  return /\b(warn(ing)?|error|fatal|denied|skipp(ed|ing)|fail(ed|ure)?)\b/i.test(line)
}

/** Tells whether a line is indented (by a tab, or two spaces), and so belongs to the line above it. */
export function isIndented(line: string): boolean {
  return /^(?:\t| {2,})\S/.test(line)
}

/** Makes the file name of one database's dump; `extension` has its dot. Throws an `InstanceError` if the database's name cannot be a file name. */
export function fileNameOf(database: string, extension: string): string {
  const name = `${database}${extension}`
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (database === '' || /[/\u0000-\u001f\u007f]/.test(name) || Buffer.byteLength(name) > 250)
    throw new InstanceError(
      `database ${JSON.stringify(database)} cannot be dumped to a file of its name: leave databases out, so that the whole server is dumped`,
    )
  return name
}

/**
 * Returns the first of these programs that the container has. Throws an `InstanceError` if it has none of them; `packageName` is what to
 * install then.
 */
export function findTool(tools: DumpTools, names: readonly string[], packageName: string): string {
  const found = names.find((name) => tools.has(name))
  if (found !== undefined) return found
  const missing = names.length === 1 ? `${names[0]} is not found` : `neither ${names.join(' nor ')} is found`
  throw new InstanceError(`${missing} in the container: install ${packageName} in its image`)
}
