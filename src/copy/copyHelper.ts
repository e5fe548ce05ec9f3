/** Defines the helper as a copy sees it: it runs scripts, and its tools have abilities. */
import type { ExecRequest, ExecResult } from '../docker/exec.ts'

export type Exec = (request: Omit<ExecRequest, 'container'>) => Promise<ExecResult>

export interface CopyHelper {
  /** Runs a script in the helper as root. The exit code in the result is the one that the wrapper prints (see `docker/exec.ts`). */
  readonly exec: Exec
  readonly tools: CopyTools
}

/**
 * Lists what the helper's tools keep when they copy. Each ability was tried, not concluded from a name; only for `xattrs` the `cp` must
 * also call itself GNU's.
 */
export interface CopyTools {
  /** The family of the tools. Nothing is decided by it. */
  readonly flavour: 'gnu' | 'busybox' | 'other'
  /** A copy keeps modification times to the nanosecond; else to the second. */
  readonly nanoseconds: boolean
  /** A copy keeps the times of symbolic links. */
  readonly linkTimes: boolean
  /** A copy keeps hard links between symbolic links, fifos and the like; else we link them again. */
  readonly linkedOthers: boolean
  /** A copy keeps the holes of sparse files; else they are filled with zeros and take room. */
  readonly holes: boolean
  /** A copy keeps extended attributes and access control lists. */
  readonly xattrs: boolean
  /** `sync -f` is there and waits for one file system; else `sync` waits for all of the host. */
  readonly syncOne: boolean
  /** `base64 -d` is there. */
  readonly base64: boolean
  /** Options for both ends of `tar | tar`. */
  readonly tarOptions: readonly string[]
  /** At most one sentence, about what cannot be kept; it goes into the report of every copied target. */
  readonly warnings: readonly string[]
}
