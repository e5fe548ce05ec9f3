/**
 * Knows how a MySQL or MariaDB server is reached from inside its container, and with which account. The dump, the question for the account's
 * rights and the load share it. Pure.
 */
import type { DumpQuestion } from '../engineContract.ts'
import { optionValue, PRELUDE, serverArgs, TAKE_ARGUMENTS } from '../script.ts'

/** Letters of the short options without a value, of all versions of the tools. They may stand before one with a value: `-AvpX`. */
export const LETTERS = '[ABCEFIKNQRVWXYacdefiklnqtvxy]*'
/**
 * Chooses the account, the same one for the dump and for the question before it: the one that dumpArgs name (`MARINA_ACCOUNT`); else the
 * one of the options files; else root with the password that the container's environment has; else the user that the image made. If there
 * is no password at all, root is tried without one: the server may trust its own socket.
 *
 * `$1`: the tool. `$2`: how many of the arguments must stay in front (`--defaults-file=…`). `$3`: `1` if these may name an account, which
 * counts if what the files say cannot be read. Afterwards `files` holds the options that the dump tool reads from files, and "$@" the
 * tool's arguments. `MYSQL_HOST` is removed, because only the question's client would obey it.
 */
export const CHOOSE_ACCOUNT = `${PRELUDE}
unset MYSQL_HOST
user=$MARINA_ACCOUNT given=\${MARINA_PASSWORD-}; unset MARINA_ACCOUNT MARINA_PASSWORD
tool=$1 first=$2 trusted=$3; shift 3
${TAKE_ARGUMENTS}
file_options() {
  i=0
  for arg in "$@"; do
    if [ "$i" -eq 0 ]; then set --; fi
    if [ "$i" -lt "$first" ]; then set -- "$@" "$arg"; fi
    i=$((i+1))
  done
  case $(my_print_defaults --version 2>&1) in
    *MariaDB*) my_print_defaults "$@" client client-server client-mariadb mysqldump mariadb-dump ;;
    *) my_print_defaults "$@" -s client mysqldump ;;
  esac 2>/dev/null
}
can_print=; files=; account=
if command -v my_print_defaults >/dev/null 2>&1; then can_print=1; files=$(file_options "$@"); fi
case "
$files" in *"
--user="*|*"
--password"*) account=1 ;; esac
if [ -z "$files" ]; then account=$trusted; fi
if [ -z "$user" ] && [ -n "$account" ]; then user=-; fi
named=$user
root=$(secret MARIADB_ROOT_USER MYSQL_ROOT_USER) || exit 1; root=\${root:-root}
root_password=$(secret MARIADB_ROOT_PASSWORD MYSQL_ROOT_PASSWORD) || exit 1
own=$(secret MARIADB_USER MYSQL_USER) || exit 1
own_password=$(secret MARIADB_PASSWORD MYSQL_PASSWORD) || exit 1
if [ -n "$given" ]; then MYSQL_PWD=$given; fi
if [ -z "$user" ]; then
  user=$root
  if [ -z "\${MYSQL_PWD-}$root_password\${MARIADB_ALLOW_EMPTY_ROOT_PASSWORD-}\${MYSQL_ALLOW_EMPTY_PASSWORD-}" ] && [ -n "$own_password" ]; then user=$own; fi
fi
if [ -z "\${MYSQL_PWD-}" ]; then
  if [ "$user" = "$root" ]; then MYSQL_PWD=$root_password
  elif [ "$user" = "$own" ]; then MYSQL_PWD=$own_password
  fi
fi
if [ -n "\${MYSQL_PWD-}" ]; then export MYSQL_PWD; else unset MYSQL_PWD; fi
if [ -z "$named" ]; then
  i=0
  for arg in "$@"; do
    if [ "$i" -eq 0 ]; then set --; fi
    if [ "$i" -eq "$first" ]; then set -- "$@" "--user=$user"; fi
    set -- "$@" "$arg"; i=$((i+1))
  done
fi
as_file() { sed -e 's/^--//' -e 's/\\\\/\\\\\\\\/g' -e 's/"/\\\\"/g' -e 's/=\\(.*\\)$/="\\1"/'; }
given_line() { if [ -n "$given" ]; then printf '%s\\n' "password=$given"; fi; }`

/** Matches options from files that say how to connect. Others mean something else to the question's client, or nothing. */
const CONNECTION_LINES =
  '^--(loose[-_])?(host|port|socket|protocol|user|password[123]?|((skip|disable|enable)[-_])?ssl[a-z_-]*|tls[a-z_-]*|plugin[-_]dir|default[-_]auth|get[-_]server[-_]public[-_]key|server[-_]public[-_]key[-_]path|enable[-_]cleartext[-_]plugin|compress|compression[-_]algorithms|bind[-_]address)(=|$)'

/**
 * Shell code that begins a script which asks the server, or gives it SQL. `$1` is the client. It defines `client`, which runs it over the
 * connection that the dump uses: with the options in files that say how to connect, and nothing of what the files give to the client alone
 * (a pager, a prompt, another host, HTML). If the files cannot be read, the client reads them itself. "$@" are its arguments.
 */
export const CLIENT = `${CHOOSE_ACCOUNT}
by_itself= options=
if [ -z "$can_print" ] || { [ -z "$files" ] && [ -n "$trusted" ]; }; then by_itself=1
else
  shift "$first"
  export MYSQL_TEST_LOGIN_FILE=/nonexistent
  options=$({ printf '%s\\n' "$files" | sed -n -E '/${CONNECTION_LINES}/p'; given_line; } | as_file)
fi
client() {
  if [ -n "$by_itself" ]; then "$tool" "$@"; return; fi
  "$tool" --defaults-file=/dev/fd/3 "$@" 3<<END
[client]
$options
END
}`

/** Asks the server what the arguments say. */
export const ASK_SCRIPT = `${CLIENT}
client "$@"`

/** Matches options that must come first on the command line. All but `--no-defaults` may name the account. */
export const FIRST_OPTION = /^--(defaults-file|defaults-extra-file|defaults-group-suffix|login-path|no-defaults)(=|$)/

export function baseEnv({ given }: Pick<DumpQuestion, 'given'>, args: readonly string[]): Record<string, string> {
  return {
    MARINA_ACCOUNT: optionValue(args, '-u', '--user') ?? '',
    ...(given.password === null ? {} : { MARINA_PASSWORD: given.password }),
  }
}

/**
 * Matches options of dumpArgs that say how to connect; the question for the rights uses them too. Letters of options without a value may
 * stand before `-h`.
 */
const CONNECTION_OPTION =
  /^(--(loose[-_])?(host?|port|socket?|protocol|user|((skip|disable|enable)[-_])?ssl[a-z_-]*|tls[-_][a-z_-]+|plugin[-_]dir|default[-_]auth|get[-_]server[-_]public[-_]key|server[-_]public[-_]key[-_]path|enable[-_]cleartext[-_]plugin|compress|compression[-_]algorithms|bind[-_]address)(=|$)|-[CRqv]*[hPSu])/
/** Matches options that say how to connect and whose value is the next argument. */
const VALUE_FOLLOWS =
  /^(-[CRqv]*[hPSu]|--(host?|port|socket?|protocol|user|ssl[-_](ca|capath|cert|cipher|key|crl|crlpath|mode|fips[-_]mode)|tls[-_](version|ciphersuites|sni[-_]servername)|plugin[-_]dir|default[-_]auth|server[-_]public[-_]key[-_]path|compression[-_]algorithms|bind[-_]address))$/

export function connectionArgs(args: readonly string[]): string[] {
  return args.filter((arg, i) => CONNECTION_OPTION.test(arg) || VALUE_FOLLOWS.test(args[i - 1] ?? ''))
}

/** Tells whether dumpArgs say where the server listens. */
export function reachesItself(args: readonly string[]): boolean {
  return args.some((arg) => /^(-[hPS]|--(host?|port|socket?|protocol)(=|$))/.test(arg))
}

/**
 * Returns the socket option if the server's command line sets a socket; else empty. Its port does not matter: a client without a host uses
 * the socket.
 */
export function socketOf(command: readonly string[]): string[] {
  const socket = optionValue(serverArgs(command, /^(mysqld|mariadbd)([_-]safe)?$/), '--socket')
  return socket === null ? [] : [`--socket=${socket}`]
}
