/** Tells an ENTRYPOINT that runs its arguments from a tool that takes `/backup.sh` for a command of its own. Pure. */

/** Programs that start another one, which is named after their options. */
const STARTERS = /^(tini(-static)?|dumb-init|catatonit|docker-init|env|nice|ionice|timeout|setsid|stdbuf|xargs)$/
/** Programs that start another one as the user that their first argument names. */
const STARTERS_AS_USER = /^(gosu|su-exec|setuidgid|s6-setuidgid)$/
/** Names of shells, interpreters and inits, and usual names of scripts that run their arguments. */
const RUNS_ITS_ARGUMENTS =
  /^(sh|bash|ash|dash|ksh|zsh|busybox|python[0-9.]*|perl|ruby|node|deno|bun|php|init|with-contenv|my_init|s6-.*)$|entry|start|run|wrap|exec|\.(sh|bash|py|pl|rb|js)$/i

/** Matches a tool's message that it does not know our script as a command. */
const UNKNOWN_COMMAND =
  /(unknown|unrecogni[sz]ed|invalid|unexpected|no such|not a|expected).*(?:backup|restore)\.sh|(?:backup|restore)\.sh.*(unknown|unrecogni[sz]ed|invalid|unexpected|no such command|not a)/i

/**
 * Returns the name of the tool if an ENTRYPOINT seems not to run its arguments (`restic`, `rclone`); `null` if there is no ENTRYPOINT, or
 * it is a shell, a script or an init. `said` is the end of stderr: a tool's message about `/backup.sh` counts more than the name.
 */
export function toolOfEntrypoint(entrypoint: readonly string[], said: string): string | null {
  const program = programOf(entrypoint)
  if (program === null) return null
  const refused = said.split('\n').some((line) => UNKNOWN_COMMAND.test(line))
  return refused || !RUNS_ITS_ARGUMENTS.test(program) ? program : null
}

/**
 * Returns the name, without its folder, of the program that an ENTRYPOINT starts; inits and the like are skipped. If a script follows the
 * program, returns the script's name. `null` if there is no program.
 */
export function programOf(entrypoint: readonly string[]): string | null {
  let skipsUser = false
  for (const word of entrypoint) {
    const name = word.slice(word.lastIndexOf('/') + 1)
    if (/^-|=|^\d/.test(word) || STARTERS.test(name)) continue
    if (skipsUser) skipsUser = false
    else if (STARTERS_AS_USER.test(name)) skipsUser = true
    else {
      const script = entrypoint
        .slice(entrypoint.indexOf(word) + 1)
        .find((next) => /\.(sh|bash|py|pl|rb|js)$/.test(next))
      return script === undefined ? name : script.slice(script.lastIndexOf('/') + 1)
    }
  }
  return null
}
