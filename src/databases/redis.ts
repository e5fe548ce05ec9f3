/**
 * Knows Redis and Valkey: the signs of their containers, the secrets in their arguments, the dump by `redis-cli --rdb -`, and hints after a
 * failure.
 */
import { InstanceError } from '../errors.ts'
import {
  type DatabaseEngine,
  type DumpPlan,
  type DumpQuestion,
  findTool,
  isIndented,
  saysWarning,
} from './engineContract.ts'
import { rdbFile } from './formats/rdb.ts'
import { argumentsInEnv, optionValue, PRELUDE, serverArgs, TAKE_ARGUMENTS } from './script.ts'
import { extractSecrets, hideUrlPassword, type SecretCollector, splitUrlPassword } from './secretArgs.ts'

const DATA = /^\/data$|^\/var\/lib\/(redis|valkey)$|^\/bitnami\/(redis|valkey)(\/data)?$/

export const redis = {
  kinds: {
    redis: { image: /redis/, server: /^redis-server$/, variable: null, data: DATA, tool: 'redis-cli' },
    valkey: { image: /valkey/, server: /^valkey-server$/, variable: null, data: DATA, tool: 'valkey-cli' },
  },
  tools: ['valkey-cli', 'redis-cli'],
  extractSecrets: (dumpArgs) => extractSecrets(dumpArgs, PASSWORD_SYNTAX, takeFromUrl),
  plan: planRedis,
  loadTools: [],
  planLoad: notYet,
  planCount: notYet,
  isOwnTable: () => false,
  planScratch: notYet,
} satisfies DatabaseEngine

function notYet(): never {
  throw new InstanceError('dumps of this engine are not loaded yet: load it by hand, as docs/restore.md says')
}

const PASSWORD_SYNTAX = {
  alone: /^(-a|--pass(?:word|wd)?)$/,
  attached: /^(?:(?:REDISCLI|VALKEYCLI)_AUTH=|--pass(?:word|wd)?(?:=|\s+)|-a(?:=|\s+)?)(.+)$/s,
  takesOptions: true,
  asks: /^--askpass$/,
  word: /^auth$/i,
  form: `["--user", "NAME", "--pass", "\${REDIS_PASSWORD}"]`,
}

/**
 * Takes the secrets out of `redis://user:password@host`. The user becomes an option of its own, because in a URL a name alone counts as a
 * password. Any other argument is kept.
 */
function takeFromUrl(arg: string, collect: SecretCollector): void {
  const split = /^(redis|rediss|valkey|valkeys):\/\//.test(arg) ? splitUrlPassword(arg, 'password') : null
  if (split === null) {
    hideUrlPassword(arg, collect)
    collect.keep(arg)
    return
  }
  collect.take('the connection URL', split.password, split.raw)
  collect.keep(split.url.replace(/^([a-z]+:\/\/)[^/@]*@/, '$1'))
  if (split.user === '') return
  collect.keep('--user')
  collect.keep(split.user)
}

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
 * Dumps with `$1`, the tool. `$2` is `1` if dumpArgs say how to reach the server. Else its settings do: the port or, with `--port 0`, its
 * socket or its TLS port. If they name no authority for TLS, any certificate is accepted: inside the container nobody can stand in between.
 *
 * The password is that of dumpArgs. Else those that the container's environment, the command line and the files name are tried by `PING`,
 * because the server may never have got one of them. `$3` and `$4` are the variable and the file in which the server's command line says
 * that the password is, or empty.
 */
const DUMP_SCRIPT = `${PRELUDE}${READ_SETTINGS}
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
fi
exec "$tool" "$@" --rdb -`

const OUTPUT_OPTION = /^--(rdb|functions-rdb)$/
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

/** Plans the dump of a Redis or Valkey server. */
function planRedis(question: DumpQuestion): DumpPlan {
  const { given, tools, kind } = question
  if (question.databases.length > 0) throw new InstanceError('a Redis server is dumped as a whole: leave databases out')
  const tool = findTool(tools, kind === 'valkey' ? ['valkey-cli', 'redis-cli'] : ['redis-cli', 'valkey-cli'], 'one')
  const output = given.args.find((arg) => OUTPUT_OPTION.test(arg))
  if (output !== undefined)
    throw new InstanceError(
      `dumpArgs has "${output}", which makes ${tool} write elsewhere than into the backup: leave it out (--rdb is ours)`,
    )
  const server = serverOf(question.command)
  const { literal, variable, file } = server.password
  return {
    tool,
    files: [
      {
        database: null,
        name: 'dump.rdb',
        script: DUMP_SCRIPT,
        args: [tool, given.args.some((arg) => REACH_OPTION.test(arg)) ? '1' : '', variable ?? '', file ?? ''],
        env: {
          ...server.env,
          ...(given.password === null ? {} : { MARINA_PASSWORD: given.password }),
          ...(literal === null ? {} : { MARINA_REQUIREPASS: literal }),
          ...argumentsInEnv(given.args),
        },
      },
    ],
    notices: [],
    rights: null,
    facts: null,
    isWarning: saysWarning,
    isContinuation: isIndented,
    check: rdbFile,
    hint: (words) => hintFor(words, given.password !== null),
    secrets: literal === null ? [] : [literal],
  }
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

/** An example of how to name an account, for messages. */
const LOGIN_ARGS = `dumpArgs: ["--user", "NAME", "--pass", "\${REDIS_PASSWORD}"] (without --user: the default user)`

/** Says what to write in the configuration after the tool failed with these words; `null` if they suggest nothing. */
function hintFor(words: string, hasPassword: boolean): string | null {
  if (/NOAUTH|WRONGPASS|AUTH failed|invalid password|invalid username/i.test(words))
    return hasPassword
      ? 'look at the user and the password in dumpArgs'
      : `no password that the container's environment, the server's command line or its configuration file tell is right. Write ${LOGIN_ARGS}`
  if (/NOPERM|no permissions/i.test(words))
    return 'the user may not replicate: give it the rights +sync +psync +replconf +ping'
  if (/could not connect|connection refused|connection reset|no such file|server closed the connection/i.test(words))
    return 'say where the server listens: dumpArgs: ["-p", "6380"], or ["-s", "/path/of/its/socket"], or ["-p", "6379", "--tls", "--cacert", "FILE"]'
  return null
}
