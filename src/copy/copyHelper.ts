/** What staging asks of the helper: run a script in it, and know what its tools can do. */
import type { ExecRequest, ExecResult } from '../docker/exec.ts'

export type Exec = (request: Omit<ExecRequest, 'container'>) => Promise<ExecResult>

export interface CopyHelper {
  /** Runs a script in the helper as root, judged by its own word. */
  readonly exec: Exec
  readonly tools: CopyTools
}

/** What the helper's tools keep when they copy; found by trying, not by their names. */
export interface CopyTools {
  /** For people only: nothing is decided by it. */
  readonly flavour: 'gnu' | 'busybox' | 'other'
  /** A copy keeps modification times to the nanosecond; else to the second. */
  readonly nanoseconds: boolean
  /** A copy keeps the times of symbolic links. */
  readonly linkTimes: boolean
  /** A copy keeps hard links of what is no regular file (symbolic links, fifos); else they are linked anew. */
  readonly linkedOthers: boolean
  /** A copy keeps holes; else they are filled with zeros and take room. */
  readonly holes: boolean
  /** A copy keeps extended attributes and access control lists. */
  readonly xattrs: boolean
  /** `sync -f` waits for one file system; else `sync` waits for all of the host. */
  readonly syncOne: boolean
  /** `base64 -d` is there. */
  readonly base64: boolean
  /** Options for both ends of `tar | tar`. */
  readonly tarOptions: readonly string[]
  /** What cannot be kept, one sentence each, for the report of every copied target. */
  readonly warnings: readonly string[]
}
