/** Holds what the engines' scripts for the container's `sh` share: pieces of POSIX shell, and the reading of the server's command line. Pure. */

/**
 * Shell code that begins a script. It makes messages come in English, whatever the container's language: warnings and failures are
 * recognised by their words. It defines `secret NAME…`, which prints the first of the named variables that is set, or the content of the
 * file that `NAME_FILE` names, so that a password is read where it lies and never travels. `secret` prints nothing if there is neither, and
 * fails if the file cannot be read.
 */
export const PRELUDE = `
LC_ALL=C; export LC_ALL; unset LANGUAGE
secret() {
  for name in "$@"; do
    eval "value=\\\${$name-} file=\\\${\${name}_FILE-}"
    if [ -n "$value" ]; then printf '%s' "$value"; return 0; fi
    if [ -n "$file" ]; then cat -- "$file"; return; fi
  done
}
`

/** Shell code that appends the arguments of `argumentsInEnv` to the script's own, and removes them from the environment. */
export const TAKE_ARGUMENTS = `
n=0
while [ "$n" -lt "\${MARINA_ARGC-0}" ]; do
  eval "set -- \\"\\$@\\" \\"\\$MARINA_ARG_$n\\""; unset "MARINA_ARG_$n"; n=$((n+1))
done
unset MARINA_ARGC
`

/** Turns arguments into environment variables, so that they stand in no process list on the runner. `TAKE_ARGUMENTS` turns them back. */
export function argumentsInEnv(args: readonly string[]): Record<string, string> {
  return {
    MARINA_ARGC: String(args.length),
    ...Object.fromEntries(args.map((arg, index) => [`MARINA_ARG_${index}`, arg])),
  }
}

/** Splits a line as a shell does and removes quotes. Operators such as `&&` are words of their own. Nothing is expanded. */
function shellWords(line: string): string[] {
  const words = line.match(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\$\([^)]*\)|`[^`]*`|\\.|[^\s"'\\;|&])+|&&|\|\||[;|&]/gs) ?? []
  return words.map((word) =>
    word.replace(/"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/gs, (_, double?: string, single?: string, escaped?: string) =>
      double === undefined ? (single ?? escaped ?? '') : double.replace(/\\(["\\$`])/g, '$1'),
    ),
  )
}

/**
 * Returns the server's arguments from a container's command; `server` matches the name of its program. A line for a shell (`sh -c "mkdir -p
 * /x && exec redis-server --port 7000"`) is split into words; words before the server or behind the next operator belong to other programs.
 * If the command does not name the server, the entrypoint adds its name, so all words are arguments.
 */
export function serverArgs(command: readonly string[], server: RegExp): string[] {
  const isServer = (word: string) => server.test(word.split('/').pop() ?? '')
  const words = command.flatMap((word) => {
    const split = /\s/.test(word) ? shellWords(word) : []
    return split.some(isServer) ? split : [word]
  })
  const at = words.findLastIndex(isServer)
  const after = words.slice(at + 1)
  const end = after.findIndex((word) => /^(&&|\|\||[;|&])$/.test(word))
  return end < 0 ? after : after.slice(0, end)
}

/**
 * Returns the value of the last of these options among the words: `--port 7000`, `--port=7000`, and for a short one also `-p7000`; `null`
 * if there is none.
 */
export function optionValue(words: readonly string[], ...options: readonly string[]): string | null {
  let value: string | null = null
  words.forEach((word, i) => {
    for (const option of options) {
      if (word === option) value = words[i + 1] ?? value
      else if (word.startsWith(`${option}=`)) value = word.slice(option.length + 1)
      else if (/^-[^-]$/.test(option) && word.startsWith(option)) value = word.slice(2)
    }
  })
  return value
}
