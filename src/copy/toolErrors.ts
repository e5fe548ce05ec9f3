/** What the tools said on stderr, and what it means where an application may be writing. */

/** How find and stat (GNU and BusyBox, in the C locale) say that a path is gone, or is another thing than a moment ago. */
const FROM_CHANGE = [
  /: No such file or directory$/,
  /: Not a directory$/,
  /: Too many levels of symbolic links$/,
  /Hard link count is wrong/,
]

/** What no change of a source explains. All else that cp, ln and tar say of a moving source is for the comparison to judge: they have too many words for it. */
const NEVER_FROM_CHANGE =
  /: (No space left on device|Disk quota exceeded|Input\/output error|Read-only file system|Cannot allocate memory|Too many open files( in system)?|Structure needs cleaning|File too large|Argument list too long)$|^sh: |out of memory|memory exhausted|Killed/
const PROGRAM = /^(find|stat|xargs|cp|tar|mkdir|rm|ln|sh|sync|touch): /

export interface ToolErrors {
  /** Takes the next line of stderr. */
  add(line: string): void
  /** The first message, `null` where there was none. */
  first(): string | null
  /** The first message of a listing that a change under a running application does not explain, `null` where there is none. */
  serious(): string | null
  /** The first message of a copy that no such change can cause, `null` where there is none. */
  fatal(): string | null
}

/** Collects stderr. A message begins with its program's name; a name with newlines makes one message of several lines. */
export function collectToolErrors(): ToolErrors {
  let first: string | null = null
  let serious: string | null = null
  let fatal: string | null = null
  let current = ''
  const close = () => {
    const message = current.trim()
    current = ''
    if (message === '') return
    first ??= message
    if (!FROM_CHANGE.some((pattern) => pattern.test(message))) serious ??= message
    if (NEVER_FROM_CHANGE.test(message)) fatal ??= message
  }
  return {
    add(line) {
      if (PROGRAM.test(line)) close()
      current = current === '' ? line : `${current}\n${line}`
    },
    first() {
      close()
      return first
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
