/** PostgreSQL: `pg_dumpall` for the server, `pg_dump` for each named database, and how their output ends. */
import { InstanceError } from '../../errors.ts'
import { customArchive, tarArchive } from '../formats/pgArchive.ts'
import { type TextEnd, textCheck } from '../formats/text.ts'
import { type DumpPlan, type DumpQuestion, fileNameOf, saysWarning } from './contract.ts'
import { decoded, extractedNotice, extractUrlPassword } from './passwordArgs.ts'
import { argumentsInEnv, SECRET, TAKE_ARGUMENTS } from './script.ts'

/**
 * User and password as the image's own start-up takes them (`POSTGRES_…`; `POSTGRESQL_…` is Bitnami's); the tool's own
 * `PGUSER`, `PGPASSWORD` go before. Where the container trusts its own socket, the password is not asked for.
 */
const DUMP = `${SECRET}
tool=$1; shift
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
${TAKE_ARGUMENTS}
exec "$tool" --no-password "$@"`

/** Options that send the dump elsewhere than to stdout; also shortened, and behind other letters. */
const ELSEWHERE = /^(-[abBcCOsvwWx]*f|--fi?l?e?(=|$)|-[abBcCOsvwWx]*Fd|--format=d|-F$|--format$)/

/** `-F X` in two arguments is fine for any X but the directory format. */
function writesElsewhere(args: readonly string[]): string | undefined {
  return args.find((arg, i) => ELSEWHERE.test(arg) && (!/^(-F|--format)$/.test(arg) || /^d/.test(args[i + 1] ?? '')))
}

/** How to dump a PostgreSQL server, or each of the named databases. */
export function postgresPlan(question: DumpQuestion): DumpPlan {
  const tool = question.databases.length === 0 ? 'pg_dumpall' : 'pg_dump'
  if (!question.tools.has(tool))
    throw new InstanceError(`${tool} is not found in the container: install the PostgreSQL client in its image`)
  const { args, password, options } = liftPasswords(question.dumpArgs)
  const elsewhere = writesElsewhere(args)
  if (elsewhere !== undefined)
    throw new InstanceError(
      `dumpArgs has "${elsewhere}", which makes ${tool} write elsewhere than into the backup: leave it out (the formats custom and tar are fine with databases)`,
    )
  const other = question.databases.length === 0 ? undefined : otherDatabase(args, question.databases)
  if (other !== undefined)
    throw new InstanceError(
      `dumpArgs has "${other}", which names a database: with "databases" each dump would hold that one. Leave it out`,
    )
  const call = {
    script: DUMP,
    args: [tool],
    env: { ...argumentsInEnv(args), ...(password === null ? {} : { PGPASSWORD: password }) },
  }
  return {
    tool,
    files:
      question.databases.length === 0
        ? [{ ...call, database: null, name: 'dump.sql' }]
        : question.databases.map((database) => ({
            ...call,
            database,
            name: fileNameOf(database, '.sql'),
            // PGDATABASE is a name and nothing else; an argument could be taken for a connection string
            env: { ...call.env, PGDATABASE: database },
          })),
    notices: options.length === 0 ? [] : [extractedNotice(options, tool)],
    rights: null,
    isWarning: saysWarning,
    wholeness: () => textCheck(endOf(tool === 'pg_dumpall')),
  }
}

/** Options of pg_dump whose value is the next argument. */
const TAKES_VALUE =
  /^(-[abBcCOsvwWx]*[nNtTeEFfjZShpUd]|--(schema|exclude-schema|table|exclude-table|exclude-table-data|table-and-children|exclude-table-and-children|exclude-table-data-and-children|extension|exclude-extension|encoding|format|jobs|compress|superuser|host|port|username|role|section|snapshot|lock-wait-timeout|extra-float-digits|rows-per-insert|filter|dbname|include-foreign-data|sync-method|restrict-key))$/

/** The argument that says which database to dump, where that is not the only one that is wanted: a word of its own, `-d NAME`, or a connection that holds one. */
function otherDatabase(args: readonly string[], wanted: readonly string[]): string | undefined {
  return args.find((arg, i) => {
    const before = args[i - 1] ?? ''
    const attached = /^(?:--dbname=|-d)(.+)$/s.exec(arg)?.[1]
    const isValue = TAKES_VALUE.test(before) && !/^(-[abBcCOsvwWx]*d|--dbname)$/.test(before)
    if (attached === undefined && (isValue || arg.startsWith('-'))) return false
    const name = databaseOf(attached ?? arg)
    return name !== null && !(wanted.length === 1 && wanted[0] === name)
  })
}

/** The database that a connection names: a URL, a string of `key=value`, or the name itself. */
function databaseOf(connection: string): string | null {
  const url = /^[a-z]+:\/\/[^/?]*(?:\/([^?]*))?(?:\?(.*))?$/is.exec(connection)
  if (url) return decoded(/(?:^|&)dbname=([^&]*)/.exec(url[2] ?? '')?.[1] ?? url[1] ?? '') || null
  if (!connection.includes('=')) return connection
  const [, quoted, bare] = /(?:^|\s)dbname\s*=\s*(?:'((?:[^'\\]|\\.)*)'|(\S+))/s.exec(connection) ?? []
  return quoted ?? bare ?? null
}

/** A connection can be a URL or a string with a password in it; some write `--password=…` as for MySQL, or `PGPASSWORD=…`. */
function liftPasswords(dumpArgs: readonly string[]) {
  const options = new Set<string>()
  let password: string | null = null
  const args = dumpArgs.flatMap((arg) => {
    const [, name = '', given] = /^(PGPASSWORD|--password)=(.*)$/s.exec(arg) ?? []
    if (given !== undefined) {
      options.add(name)
      password = given
      return []
    }
    const [, option = '', value = ''] = /^(--dbname=|-d)?(.*)$/s.exec(arg) ?? []
    const url = extractUrlPassword(value)
    if (url) {
      options.add('the connection URL')
      password = url.password
      return [option + url.url]
    }
    const query = /^([a-z]+:\/\/.*[?&])password=([^&]*)(&|$)/is.exec(value)
    if (query) {
      options.add('the connection URL')
      password = decoded(query[2] ?? '')
      return [option + query[1] + value.slice(query[0].length)]
    }
    const text = /(^|\s)password\s*=\s*('((?:[^'\\]|\\.)*)'|((?:[^\s\\]|\\.)*))/s.exec(value)
    if (text && value.includes('=')) {
      options.add('the connection string')
      password = (text[3] ?? text[4] ?? '').replace(/\\(.)/gs, '$1')
      return [option + value.replace(text[0], text[1] ?? '')]
    }
    return [arg]
  })
  return { args, password: password as string | null, options: [...options] }
}

/**
 * The text ends with this comment; since the releases of August 2025 a line `\unrestrict` follows it. The user's own data
 * cannot stand after it. A dump of the whole server holds one of each database, which must not pass for its own.
 */
function endOf(isWhole: boolean): TextEnd {
  const marker = `-- PostgreSQL database ${isWhole ? 'cluster ' : ''}dump complete`
  return {
    marker,
    ends: (tail) => {
      const lines = tail.split('\n').filter((line) => line !== '' && line !== '--' && !line.startsWith('\\unrestrict '))
      return lines.at(-1) === marker
    },
    forms: [
      { begins: (head) => head.subarray(0, 5).toString('latin1') === 'PGDMP', check: () => customArchive() },
      { begins: (head) => head.subarray(257, 262).toString('latin1') === 'ustar', check: () => tarArchive() },
    ],
  }
}
