/** Knows how our scripts log in to a Redis or Valkey server: where it listens, and which of its passwords is right. Pure. */
import type { ExtractedArgs } from '../engineContract.ts'
import { argumentsInEnv, optionValue, PRELUDE, serverArgs, TAKE_ARGUMENTS } from '../script.ts'

/**
 * Shell functions that find settings of the server. `setting NAME` prints a setting, or nothing, in the server's own order: from its
 * command line (`MARINA_…`), the flags that some images read from the environment (`flag NAME`), its configuration file (`in_file NAME`).
 * `acl_passwords` prints the passwords of the user `default` in that file and in the ACL file.
 */
const READ_SETTINGS = `
config=$MARINA_CONFIG; unset MARINA_CONFIG
flag() {
  set -f
  wanted=--$1 last= value=
  for word in \${REDIS_ARGS-} \${REDIS_EXTRA_FLAGS-} \${VALKEY_EXTRA_FLAGS-}; do
    if [ "$last" = "$wanted" ]; then value=$word; fi
    case $word in "$wanted"=*) value=\${word#*=} ;; esac
    last=$word
  done
  value=\${value#[\\"\\']}; printf '%s' "\${value%[\\"\\']}"
}
in_file() {
  if [ -z "$config" ] || ! [ -r "$config" ]; then return 0; fi
  sed -n "s/^[[:space:]]*$1[[:space:]]\\{1,\\}[\\"']\\{0,1\\}\\([^\\"']*[^\\"'[:space:]]\\)[\\"']\\{0,1\\}[[:space:]]*$/\\1/p" "$config" | tail -n 1
}
setting() {
  name=MARINA_SET_$(printf '%s' "$1" | tr - _)
  eval "value=\\$$name"
  if [ -z "$value" ]; then value=$(flag "$1"); fi
  if [ -z "$value" ]; then value=$(in_file "$1"); fi
  printf '%s' "$value"
}
acl_passwords() {
  for file in "$config" "$(setting aclfile)"; do
    if [ -n "$file" ] && [ -r "$file" ]; then
      sed -n 's/^[[:space:]]*user[[:space:]]\\{1,\\}default[[:space:]].*[[:space:]]>\\([^[:space:]]*\\).*$/\\1/p' "$file"
    fi
  done
}`

/**
 * Shell code that finds out how to ask the server: `"$tool" "$@" COMMAND` does it afterwards. `$1` is the tool. `$2` is `1` if dumpArgs say how to reach the server. Else its settings do: the port or, with `--port 0`, its
 * socket or its TLS port. If they name no authority for TLS, any certificate is accepted: inside the container nobody can stand in between.
 *
 * The password is that of dumpArgs. Else those that the container's environment, the command line and the files name are tried by `PING`,
 * because the server may never have got one of them. `$3` and `$4` are the variable and the file in which the server's command line says
 * that the password is, or empty.
 */
export const LOG_IN = `${PRELUDE}${READ_SETTINGS}
tool=$1 reached=$2 pass_variable=$3 pass_file=$4; shift 4
given=\${MARINA_PASSWORD-} literal=\${MARINA_REQUIREPASS-}; unset MARINA_PASSWORD MARINA_REQUIREPASS FAKETTY
if [ -z "$reached" ]; then
  port=$(setting port) tls=$(setting tls-port) socket=$(setting unixsocket)
  if [ "$port" != 0 ]; then
    if [ -n "$port" ]; then set -- -p "$port"; fi
  elif [ -n "$socket" ]; then set -- -s "$socket"
  elif [ -n "$tls" ] && [ "$tls" != 0 ]; then
    set -- -p "$tls" --tls
    if [ -z "$(setting tls-ca-cert-file)$(setting tls-ca-cert-dir)" ]; then set -- "$@" --insecure; fi
    for pair in "--cacert tls-ca-cert-file" "--cacertdir tls-ca-cert-dir" "--cert tls-cert-file" "--key tls-key-file"; do
      value=$(setting "\${pair#* }"); if [ -n "$value" ]; then set -- "$@" "\${pair%% *}" "$value"; fi
    done
  fi
fi
${TAKE_ARGUMENTS}
try() {
  if [ -n "$password" ]; then REDISCLI_AUTH=$password VALKEYCLI_AUTH=$password; export REDISCLI_AUTH VALKEYCLI_AUTH
  else unset REDISCLI_AUTH VALKEYCLI_AUTH; fi
  case $("$tool" "$@" PING 2>&1) in
    *NOAUTH*|*WRONGPASS*|*"AUTH failed"*|*"invalid password"*|*"without any password"*|*"invalid username"*) return 1 ;;
  esac
}
candidates() {
  secret REDISCLI_AUTH; echo
  secret VALKEYCLI_AUTH; echo
  secret REDIS_PASSWORD VALKEY_PASSWORD; echo
  printf '%s\\n' "$literal"
  if [ -n "$pass_variable" ]; then secret "$pass_variable"; echo; fi
  if [ -n "$pass_file" ] && [ -r "$pass_file" ]; then head -n 1 "$pass_file"; echo; fi
  flag requirepass; echo
  in_file requirepass; echo
  acl_passwords
}
if [ -n "$given" ]; then
  REDISCLI_AUTH=$given VALKEYCLI_AUTH=$given; export REDISCLI_AUTH VALKEYCLI_AUTH
else
  all=$(candidates) || exit 1
  found= first=
  while IFS= read -r password; do
    if [ -z "$password" ]; then continue; fi
    first=\${first:-$password}
    if try "$@" </dev/null; then found=1; break; fi
  done <<END
$all
END
  if [ -z "$found" ]; then password=; try "$@" </dev/null || { password=$first; try "$@" </dev/null; }; fi
fi`

/** Matches arguments of dumpArgs that say how to reach the server. */
const REACH_OPTION = /^(-[hpsu]|--tls)$/
/** Settings to read from the server's command line: those that say how to reach it, and the file of its users (`aclfile`). */
const SETTINGS = [
  'port',
  'tls-port',
  'unixsocket',
  'tls-ca-cert-file',
  'tls-ca-cert-dir',
  'tls-cert-file',
  'tls-key-file',
  'aclfile',
]

/** The arguments that a call of the server's client needs before its own words. */
export interface RedisLogin {
  /** The first arguments of a script that begins with `LOG_IN`. */
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** A password that stands in the server's command line; `null` if none does. */
  readonly literal: string | null
}

/** Makes the arguments and the environment of a script that begins with `LOG_IN`. */
export function redisLogin(
  { given, command }: { readonly given: ExtractedArgs; readonly command: readonly string[] },
  tool: string,
): RedisLogin {
  const server = serverOf(command)
  const { literal, variable, file } = server.password
  return {
    args: [tool, given.args.some((arg) => REACH_OPTION.test(arg)) ? '1' : '', variable ?? '', file ?? ''],
    env: {
      ...server.env,
      ...(given.password === null ? {} : { MARINA_PASSWORD: given.password }),
      ...(literal === null ? {} : { MARINA_REQUIREPASS: literal }),
      ...argumentsInEnv(given.args),
    },
    literal,
  }
}

/** Names the clients of a kind in the order in which they are looked for. */
export function redisClients(kind: string): readonly string[] {
  return kind === 'valkey' ? ['valkey-cli', 'redis-cli'] : ['redis-cli', 'valkey-cli']
}

/**
 * Reads the server's command line. `env`: its settings, for the script. `password`: what follows `--requirepass`, which may be the name of
 * a variable or a file.
 */
function serverOf(command: readonly string[]): {
  readonly env: Readonly<Record<string, string>>
  readonly password: PasswordWord
} {
  const words = serverArgs(command, /^(redis|valkey)-server$/)
  const settings = SETTINGS.flatMap((name) => {
    const value = optionValue(words, `--${name}`)
    return value === null ? [] : [[`MARINA_SET_${name.replaceAll('-', '_')}`, value] as const]
  })
  // its configuration file comes first; an entrypoint before it is no option either
  const config = words.find((word, i) => /^[^-].*\.conf$/.test(word) || (i === 0 && word.startsWith('/')))
  return {
    env: { ...Object.fromEntries(settings), MARINA_CONFIG: config ?? '' },
    password: passwordWord(optionValue(words, '--requirepass')),
  }
}

interface PasswordWord {
  readonly literal: string | null
  /** Name of the container's variable that holds the password; `null` if none does. */
  readonly variable: string | null
  /** Path in the container of the file that holds the password; `null` if none does. */
  readonly file: string | null
}

/**
 * Parses a password as a shell line writes it: the password itself, `$X`, `${X:?…}` or `$(cat FILE)`. A variable or a file is only named,
 * not read. All are `null` if there is no word.
 */
function passwordWord(word: string | null): PasswordWord {
  const nothing = { literal: null, variable: null, file: null }
  if (word === null || word === '') return nothing
  const variable = /^\$\{?([A-Za-z_][A-Za-z0-9_]*)(?::?[-?=+].*)?\}?$/s.exec(word)?.[1]
  if (variable !== undefined) return { ...nothing, variable }
  const file = /^(?:\$\(|`)\s*(?:cat\s+|<\s*)(\S+?)\s*(?:\)|`)$/s.exec(word)?.[1]
  if (file !== undefined) return { ...nothing, file: file.replace(/^["']|["']$/g, '') }
  return { ...nothing, literal: word }
}
