/**
 * Defines what the code must know of one database engine to load a dump of ours back into a server: the scripts before, at and after the
 * load, what is changed in the dump on its way, and what helps after a failure.
 */

import { InstanceError } from '../errors.ts'
import type { DumpTools, ExtractedArgs } from './engineContract.ts'

/**
 * Purpose of a load. `empty`: into a server that was made for it a moment ago and is thrown away afterwards. `replace`: into a server with
 * data, which afterwards holds exactly what the dump holds.
 */
export type LoadPurpose = 'empty' | 'replace'

export interface LoadQuestion {
  readonly kind: string
  /** The programs that were found in the server's container. */
  readonly tools: DumpTools
  /** Name of the database that the dump holds; `null`: the whole server. */
  readonly database: string | null
  readonly purpose: LoadPurpose
  /** The `dumpArgs` of the target; only how to reach the server and its account counts, and whether the dump is a part of something. */
  readonly given: ExtractedArgs
  /** True if the dump is known to leave nothing out, whatever `dumpArgs` hold now. */
  readonly isWhole?: boolean
  /** Entrypoint and command of the container. */
  readonly command: readonly string[]
  /** Names of the container's environment variables. */
  readonly env: readonly string[]
  /** The first bytes of the dump (64 KiB, or all of a smaller one), without gzip. */
  readonly head: Buffer
  /** A random word of small letters and digits, for names that nobody else has. */
  readonly token: string
}

/** The answer of `lack` if the server went down while it loaded. */
export const SERVER_GONE = 'the server went down meanwhile'

/** A script for the container's `sh`. Nothing from the configuration stands in `args`. */
export interface LoadScript {
  readonly script: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

export interface LoadPlan {
  /** The program that loads; a key of `DumpTools`. */
  readonly tool: string
  /** Runs before the load, without stdin; `null` if nothing is to be done. */
  readonly prepare: LoadScript | null
  /** Reads the dump on stdin, and ends when that ends. */
  readonly load: LoadScript
  /** Makes what changes the dump on its way; called once, with what `prepare` printed. */
  readonly filter: (prepared: string) => LoadFilter
  /** Runs after the load, without stdin, once the whole dump was read and found to be the manifest's; `null` if nothing is to be done. */
  readonly finish: LoadScript | null
  /** Removes what a failed load may have left of ours; `null` if there is nothing. */
  readonly cleanUp: LoadScript | null
  /** Tells whether a line of stderr is an error, not only a notice or a warning. */
  readonly isError: (line: string) => boolean
  /** Says what to do after the load failed with these words; `null` if the words suggest nothing. */
  readonly hint: (words: string) => string | null
  /**
   * Says what the server lacks or suffered, in words that follow "because", if that made the load fail and not the dump (an extension, a
   * full disk); `null` if the words do not tell that. Left out: they never do.
   */
  readonly lack?: (words: string) => string | null
  /** Passwords from the server's own command line, to be masked. */
  readonly secrets: readonly string[]
}

/** Changes a dump on its way to the tool. It needs the same memory whatever the size of the dump. */
export interface LoadFilter {
  /** Takes the next bytes of the dump and returns those for the tool. */
  pass(chunk: Buffer): Buffer
  /** Returns the last bytes for the tool. Called only after the whole dump was read and found to be the one that the manifest names. */
  end(): Buffer
}

/**
 * Throws an `InstanceError` if a part of a database would come in the place of all of it. `leftOutBy` is the option of `dumpArgs` that
 * leaves something out, if any.
 */
export function refusePart({ purpose, isWhole = false }: LoadQuestion, leftOutBy: string | null): void {
  if (leftOutBy === null || isWhole || purpose !== 'replace') return
  throw new InstanceError(partSentence(leftOutBy))
}

/** Says why a dump that was made with this option of `dumpArgs` does not come into place. */
export function partSentence(leftOutBy: string): string {
  return `dumpArgs has "${leftOutBy}", so the dump may hold only a part: in the place of what is there it would lose the rest. Restore with into: new, and load it by hand`
}

/** Makes a filter that changes nothing. */
export function unchanged(): LoadFilter {
  return { pass: (chunk) => chunk, end: () => Buffer.alloc(0) }
}
