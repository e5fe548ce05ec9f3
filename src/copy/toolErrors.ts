/** Collects what the tools print on stderr, and tells apart what a running application may have caused. */
import { shownWords } from './readable.ts'

/** Matches messages of find and stat (GNU and BusyBox, C locale) about a path that has gone, or has become another type of file. */
const FROM_CHANGE = [
  /: No such file or directory$/,
  /: Not a directory$/,
  /: Too many levels of symbolic links$/,
  /Hard link count is wrong/,
]

/**
 * Matches messages that no change of the source can cause. cp, ln and tar have too many words for a changing source to list; the comparison
 * of the copy decides about those.
 */
const NEVER_FROM_CHANGE =
  /: (No space left on device|Disk quota exceeded|Input\/output error|Read-only file system|Cannot allocate memory|Too many open files( in system)?|Structure needs cleaning|File too large|Argument list too long)$|^sh: |out of memory|memory exhausted|Killed/
/** Matches messages that only follow from another one: of a `tar | tar` the reader names the cause, and the writer has nobody to write to. */
const FOLLOWING =
  /: (Wrote only \d+ of \d+ bytes|Error is not recoverable: exiting now|Exiting with failure status due to previous errors|Child returned status \d+|(write error: )?Broken pipe|short write|write error)$/
const PROGRAM = /^(find|stat|xargs|cp|tar|mkdir|rm|ln|sh|sync|touch): /

export interface ToolErrors {
  /** Takes the next line of stderr. */
  add(line: string): void
  /** Returns the first message that does not follow from another, else the first; `null` if there was none. */
  first(): string | null
  /** Returns the first message of a listing that a running application cannot have caused; `null` if there is none. */
  serious(): string | null
  /** Returns the first message of a copy that a running application cannot have caused; `null` if there is none. */
  fatal(): string | null
}

/** Collects the messages on stderr. A message begins with its program's name; a file name with line breaks makes one message of several lines. */
export function collectToolErrors(): ToolErrors {
  let first: string | null = null
  let cause: string | null = null
  let serious: string | null = null
  let fatal: string | null = null
  let current = ''
  const close = () => {
    const message = current.trim()
    current = ''
    if (message === '') return
    const words = shownWords(message)
    first ??= words
    if (!FOLLOWING.test(message)) cause ??= words
    if (!FROM_CHANGE.some((pattern) => pattern.test(message))) serious ??= words
    if (NEVER_FROM_CHANGE.test(message)) fatal ??= words
  }
  return {
    add(line) {
      if (PROGRAM.test(line)) close()
      current = current === '' ? line : `${current}\n${line}`
    },
    first() {
      close()
      return cause ?? first
    },
    serious() {
      close()
      return serious
    },
    fatal() {
      close()
      return fatal
    },
  }
}
