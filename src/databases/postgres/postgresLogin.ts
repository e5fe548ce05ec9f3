/** Knows how a PostgreSQL server is reached from inside its container, and with which account. The dump and the load share it. Pure. */
import { optionValue, PRELUDE, serverArgs, TAKE_ARGUMENTS } from '../script.ts'

/**
 * Shell code that begins a script. Chooses user and password as the image's own start-up does (`POSTGRES_…`; `POSTGRESQL_…` in Bitnami's
 * image). The tool's own `PGUSER` and `PGPASSWORD` win. If the server trusts connections by its socket, the password is not used. `$1` is
 * the tool. `$2` and `$3` are port and socket folder from the server's command line, or empty. They win over `PGPORT`, as they do for the
 * server; if the environment names a host or a service, they do not count. Afterwards `tool` is the tool and "$@" its arguments.
 */
export const LOG_IN = `${PRELUDE}
tool=$1 port=$2 folder=$3; shift 3
if [ -z "\${PGUSER-}" ]; then
  PGUSER=$(secret POSTGRES_USER) || exit 1
  if [ -z "$PGUSER" ] && [ -z "\${POSTGRESQL_POSTGRES_PASSWORD-}\${POSTGRESQL_POSTGRES_PASSWORD_FILE-}" ]; then
    PGUSER=$(secret POSTGRESQL_USERNAME POSTGRESQL_USER) || exit 1
  fi
  export PGUSER=\${PGUSER:-postgres}
fi
if [ -z "\${PGPASSWORD-}" ]; then
  PGPASSWORD=$(secret POSTGRES_PASSWORD POSTGRESQL_POSTGRES_PASSWORD POSTGRESQL_PASSWORD) || exit 1
  if [ -n "$PGPASSWORD" ]; then export PGPASSWORD; else unset PGPASSWORD; fi
fi
if [ -z "\${PGHOST-}\${PGHOSTADDR-}\${PGSERVICE-}" ]; then
  port=\${port:-\${PGPORT:-\${POSTGRESQL_PORT_NUMBER-}}}
  if [ -n "$port" ]; then export PGPORT="$port"; fi
  if [ -n "$folder" ]; then export PGHOST="$folder"; fi
fi
${TAKE_ARGUMENTS}`

/**
 * Reads from the server's command line how to reach it: `-p 5433`, `-c port=5433`, `-k /folder`. `null`: it does not say. For a server
 * without a socket `folder` is 127.0.0.1.
 */
export function serverOf(command: readonly string[]): { readonly port: string | null; readonly folder: string | null } {
  const words = serverArgs(command, /^(postgres|postmaster)$/)
  const settings = words.flatMap((word, i) =>
    words[i - 1] === '-c' ? [`--${word}`] : word.startsWith('-c') && word.includes('=') ? [`--${word.slice(2)}`] : [],
  )
  const all = [...words, ...settings]
  const folders = optionValue(all, '-k', '--unix_socket_directories')
  const [folder = ''] = (folders ?? '').split(',').map((one) => one.trim().replace(/^["']|["']$/g, ''))
  return {
    port: /^\d+$/.exec(optionValue(all, '-p', '--port') ?? '')?.[0] ?? null,
    folder: folders === null ? null : folder === '' ? '127.0.0.1' : folder,
  }
}

/** Matches options of pg_dump whose value is the next argument. */
export const TAKES_VALUE =
  /^(-[abBcCOsvwWx]*[nNtTeEFfjZShpUd]|--(schema|exclude-schema|table|exclude-table|exclude-table-data|table-and-children|exclude-table-and-children|exclude-table-data-and-children|extension|exclude-extension|encoding|format|jobs|compress|superuser|host|port|username|role|section|snapshot|lock-wait-timeout|extra-float-digits|rows-per-insert|filter|dbname|include-foreign-data|sync-method|restrict-key))$/
const CONNECTION_OPTION = /^(-[abBcCOsvwWx]*d|--dbname)$/

/** An argument that is, or may contain, the name of a database. `option` is what stands before the name in the same argument, or empty. */
interface Connection {
  readonly index: number
  readonly option: string
  readonly text: string
}

/** Returns every argument that may name a database: a word of its own, or the value of `-d` or `--dbname`. */
export function connectionsIn(args: readonly string[]): Connection[] {
  return args.flatMap((arg, index): Connection[] => {
    const before = args[index - 1] ?? ''
    const [, option, attached] = /^(--dbname=|-d)(.+)$/s.exec(arg) ?? []
    const isValue = TAKES_VALUE.test(before)
    if (isValue && !CONNECTION_OPTION.test(before)) return []
    if (isValue) return [{ index, option: '', text: arg }]
    if (option !== undefined && attached !== undefined) return [{ index, option, text: attached }]
    return arg.startsWith('-') ? [] : [{ index, option: '', text: arg }]
  })
}

/**
 * Adds the database to the arguments in the one place that nothing can override: the connection itself. Given by the environment, a service
 * file (`PGSERVICE`, `service=…`) would override it, and another database would be dumped; given alone, the name could be read as a
 * connection string.
 */
export function withDatabase(args: readonly string[], database: string): string[] {
  const pair = `dbname='${database.replace(/[\\']/g, '\\$&')}'`
  const last = connectionsIn(args).at(-1)
  if (last === undefined) return [...args, `--dbname=${pair}`]
  const { index, option, text } = last
  const isUrl = /^[a-z]+:\/\//i.test(text)
  const named = isUrl ? `${text}${text.includes('?') ? '&' : '?'}dbname=${encodeURIComponent(database)}` : text
  const whole = isUrl ? named : text.includes('=') ? `${text} ${pair}` : pair
  return args.map((arg, i) => (i === index ? option + whole : arg))
}

/** Matches an option that says how to reach the server, and takes it apart: its letter or name, and its value if that is in the same argument. */
const REACH = /^(?:-[abBcCOsvwWx]*([hpU])(.*)|--(host|port|username)(?:=(.*))?)$/s

/** Returns those of `dumpArgs` that say how to reach the server and with which account, for any of PostgreSQL's tools. */
export function loginArgs(args: readonly string[]): string[] {
  const connections = connectionsIn(args)
  const isLast = (index: number) => connections.at(-1)?.index === index
  return args.flatMap((arg, index) => {
    if (isLast(index)) return [arg]
    if (CONNECTION_OPTION.test(arg) && isLast(index + 1)) return [arg]
    if (TAKES_VALUE.test(args[index - 1] ?? '')) return []
    const [, letter, attached, name, value] = REACH.exec(arg) ?? []
    if (letter === undefined && name === undefined) return []
    const option = letter === undefined ? `--${name}` : `-${letter}`
    const given = letter === undefined ? value : attached === '' ? undefined : attached
    const next = given ?? args[index + 1]
    if (next === undefined) return []
    return letter === undefined ? [`${option}=${next}`] : [option, next]
  })
}
