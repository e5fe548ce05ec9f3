/** What an ENTRYPOINT does with `/backup.sh`, which it gets as an argument: runs it, or takes it for an argument of its own. Pure. */

/** These start the program that stands behind them and their options. */
const STARTERS = /^(tini(-static)?|dumb-init|catatonit|docker-init|env|nice|ionice|timeout|setsid|stdbuf|xargs)$/
/** As those, and their first word is a user. */
const STARTERS_AS_USER = /^(gosu|su-exec|setuidgid|s6-setuidgid)$/
/** Shells and interpreters run what they are given; images name the scripts that do so in these ways. */
const RUNS_ITS_ARGUMENTS =
  /^(sh|bash|ash|dash|ksh|zsh|busybox|python[0-9.]*|perl|ruby|node|deno|bun|php|init|with-contenv|my_init|s6-.*)$|entry|start|run|wrap|exec|\.(sh|bash|py|pl|rb|js)$/i

/** How tools complain of a command that they do not know. */
const UNKNOWN_COMMAND =
  /(unknown|unrecogni[sz]ed|invalid|unexpected|no such|not a|expected).*backup\.sh|backup\.sh.*(unknown|unrecogni[sz]ed|invalid|unexpected|no such command|not a)/i

/**
 * The name of the tool that an ENTRYPOINT is, where it looks like one that does not run its arguments (`restic`, `rclone`); `null` where
 * there is none, or it is a shell, a script or an init. `said` is the end of what came on stderr: it decides where the name does not.
 */
export function toolOfEntrypoint(entrypoint: readonly string[], said: string): string | null {
  const program = programOf(entrypoint)
  if (program === null) return null
  const refused = said.split('\n').some((line) => UNKNOWN_COMMAND.test(line))
  return refused || !RUNS_ITS_ARGUMENTS.test(program) ? program : null
}

/** The program behind inits and the like, without its folder. */
function programOf(entrypoint: readonly string[]): string | null {
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
