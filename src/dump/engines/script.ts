/** The pieces of POSIX shell that the engines' scripts share: arguments out of the environment, and secrets where the container keeps them. */

/**
 * Shell functions. `secret NAME…` prints the first of the named variables that is set, or the content of the file that
 * `NAME_FILE` names: the password is read where it lies and never travels. Fails where such a file cannot be read.
 */
export const SECRET = `
secret() {
  for name in "$@"; do
    eval "value=\\\${$name-} file=\\\${\${name}_FILE-}"
    if [ -n "$value" ]; then printf '%s' "$value"; return 0; fi
    if [ -n "$file" ]; then cat -- "$file"; return; fi
  done
}
`

/** Puts the arguments of `argumentsInEnv` behind the script's own, and takes them out of the environment. */
export const TAKE_ARGUMENTS = `
n=0
while [ "$n" -lt "\${MARINA_ARGC-0}" ]; do
  eval "set -- \\"\\$@\\" \\"\\$MARINA_ARG_$n\\""; unset "MARINA_ARG_$n"; n=$((n+1))
done
unset MARINA_ARGC
`

/** Arguments as environment variables: on the runner they stand in no process list. */
export function argumentsInEnv(args: readonly string[]): Record<string, string> {
  return {
    MARINA_ARGC: String(args.length),
    ...Object.fromEntries(args.map((arg, index) => [`MARINA_ARG_${index}`, arg])),
  }
}
