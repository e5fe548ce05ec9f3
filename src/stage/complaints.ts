/** What find, stat, cp and tar said on stderr, and whether it only says that something changed while an application was writing. */

/** How the tools (GNU and BusyBox, in the C locale) say that a path is gone, or is another thing than a moment ago. */
const FROM_CHANGE = [
  /: No such file or directory$/,
  /: Not a directory$/,
  /: Is a directory$/,
  /: Too many levels of symbolic links$/,
  /: No such device or address$/,
  /(cannot read symbolic link|can't read link|readlink).*: Invalid argument$/,
  /as it was replaced while being copied$/,
  /will not overwrite just-created/,
  /will not create hard link .* to directory/,
  /cannot overwrite (non-)?directory/,
  /recursion detected, omitting directory/,
  /target .* is not a directory$/,
  /(cannot create|can't create).*: File exists$/,
  /File removed before we read it$/,
  /file changed as we read it$/,
  /^tar: (Exiting with failure status|error exit delayed)/,
]
const PROGRAM = /^(find|stat|xargs|cp|tar|mkdir|rm|ln|sh|sync|touch): /

export interface Complaints {
  /** Takes the next line of stderr. */
  add(line: string): void
  /** The first message, `null` where there was none. */
  first(): string | null
  /** The first message that a change under a running application does not explain, `null` where there is none. */
  serious(): string | null
}

/** Collects stderr. A message begins with its program's name; a name with newlines makes one message of several lines. */
export function collectComplaints(): Complaints {
  let first: string | null = null
  let serious: string | null = null
  let current = ''
  const close = () => {
    const message = current.trim()
    current = ''
    if (message === '') return
    first ??= message
    if (!FROM_CHANGE.some((pattern) => pattern.test(message))) serious ??= message
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
  }
}
