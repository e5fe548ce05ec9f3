/** Defines what the code must know of an engine whose dump is the server's own file, which it reads only when it starts. Pure. */
import type { CountQuestion } from './countContract.ts'
import type { LoadScript } from './loadContract.ts'

export type FilesQuestion = Omit<CountQuestion, 'database'>

/** The way in which a running server is asked for its file. */
export interface FilesPlan {
  readonly look: LoadScript
  /** Reads what the script printed. Throws an `InstanceError` that says why the file cannot be replaced. */
  readonly read: (stdout: string) => ServerFiles
}

export interface ServerFiles {
  /** Folder of the file, an absolute path in the server's container. */
  readonly folder: string
  /** The script for a helper that brings a dump in while the server is stopped, and what follows `$1`, the dump, and `$2`, the folder. */
  readonly bring: { readonly script: string; readonly args: readonly string[] }
  /** Number of times that the dump is stored. */
  readonly copies: number
  /** Makes the running server write its data down, so that its files hold it when it is stopped; `null` if they always do. */
  readonly save: LoadScript | null
  /** Asks the server that was started again what it has read. */
  readonly loaded: LoadScript
  /** Reads what that printed: the number of keys that were read, or whose time was over; `null` if it does not answer for that yet. Throws an `Error` with the server's words. */
  readonly readLoaded: (stdout: string) => LoadedKeys | null
}

export interface LoadedKeys {
  readonly keys: number
  /** True if the server counts keys whose time was over, so that no key may be missing. */
  readonly isExact: boolean
}
