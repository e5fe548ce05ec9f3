/**
 * Knows PostgreSQL: the signs of its containers, the secrets in its arguments, its dump by `pg_dumpall` (the server) or `pg_dump` (each
 * named database), and hints after a failure.
 */
import { InstanceError } from '../../errors.ts'
import {
  type DatabaseEngine,
  type DumpPlan,
  type DumpQuestion,
  type FactsQuestion,
  fileNameOf,
  findTool,
  isIndented,
  saysWarning,
} from '../engineContract.ts'
import { customArchive, tarArchive } from '../formats/pgArchive.ts'
import { checkByForm, type DumpForm, textWithEnd } from '../formats/text.ts'
import { postgresRows } from '../rows/postgresRows.ts'
import { argumentsInEnv, optionValue } from '../script.ts'
import {
  decodePercent,
  extractSecrets,
  hideUrlPassword,
  type SecretCollector,
  splitUrlPassword,
} from '../secretArgs.ts'
import { planPostgresAsk, planPostgresCount } from './postgresCount.ts'
import { FACTS_SCRIPT, LIST_SQL, readFacts, SERVER_SQL } from './postgresFacts.ts'
import { planPostgresLoad, planPostgresPresence } from './postgresLoad.ts'
import { connectionsIn, LOG_IN, loginArgs, serverOf, withDatabase } from './postgresLogin.ts'
import { judgePostgresOptions } from './postgresOptions.ts'
import { planPostgresScratch } from './postgresScratch.ts'

export const postgres = {
  kinds: {
    postgres: {
      image: /postgres|postgis|timescale|pgvector|pgvecto|^supabase$/,
      server: /^(postgres|postmaster)$/,
      variable: /^(POSTGRES(QL)?_(DB|USER|USERNAME|PASSWORD|INITDB_ARGS)(_FILE)?|PGDATA)$/,
      data: /^\/var\/lib\/postgresql(\/data|\/\d+(\/(data|docker|main))?)?$|^\/bitnami\/postgresql(\/data)?$|^\/var\/lib\/pgsql(\/data)?$/,
      tool: 'pg_dumpall',
    },
  },
  judgeOptions: judgePostgresOptions,
  tools: ['pg_dumpall', 'pg_dump', 'psql'],
  extractSecrets: (dumpArgs) => extractSecrets(dumpArgs, PASSWORD_SYNTAX, takeFromConnection),
  plan: planPostgres,
  loadTools: ['psql', 'pg_restore'],
  planLoad: planPostgresLoad,
  planFiles: null,
  planCount: planPostgresCount,
  planAsk: planPostgresAsk,
  planPresence: planPostgresPresence,
  isOwnTable: () => false,
  planScratch: planPostgresScratch,
} satisfies DatabaseEngine

/** Dumps with `$1`, the tool. */
const DUMP_SCRIPT = `${LOG_IN}
exec "$tool" --no-password "$@"`

/** Knows how a password may be written. Some people write `--password=…` as for MySQL, or `PGPASSWORD=…`. */
const PASSWORD_SYNTAX = {
  alone: /^(-W|--passw?o?r?d?)$/,
  // `-Wv` is two options, and `-Wcab` may be a password: see `takeFromConnection`
  attached: /^(?:PGPASSWORD=|(?:--passw?o?r?d?)(?:=|\s+)|-[abBcCOsvwx]*W(?:=|\s+|(?![abBcCOsvwWx]+$)))(.+)$/s,
  form: `["--username=NAME", "--password=\${DB_PASSWORD}"]`,
}

/**
 * Matches parameters of a connection that are secrets. All but the password cannot come by the environment: only the connection or a
 * service file holds them.
 */
const SECRET_PARAMETER = /^(password|sslpassword|oauth_client_secret|scram_client_key|scram_server_key)$/

/** Takes the secrets out of a connection URL, or of a string of `key=value`, with or without `-d` before it. Refuses `-W` with more letters. */
function takeFromConnection(arg: string, collect: SecretCollector): void {
  if (/^-[abBcCOsvwx]*W[abBcCOsvwWx]/.test(arg))
    collect.refuse(
      'has "-W" with more letters behind it, and nobody can answer its question: write --password=PASSWORD',
    )
  const [, option = '', connection = ''] = /^(--dbname=|--db?n?a?m?=|-d)?(.*)$/s.exec(arg) ?? []
  if (/^[a-z]+:\/\//i.test(connection)) collect.keep(option + withoutUrlSecrets(connection, collect))
  else if (/^\s*\w+\s*=/.test(connection)) collect.keep(option + withoutPairSecrets(connection, collect))
  else collect.keep(arg)
}

function withoutUrlSecrets(url: string, collect: SecretCollector): string {
  const place = 'the connection URL'
  const split = splitUrlPassword(url)
  if (split) collect.take(place, split.password, split.raw)
  else hideUrlPassword(url, collect)
  const rest = split?.url ?? url
  const at = rest.indexOf('?')
  if (at < 0) return rest
  const kept = rest
    .slice(at + 1)
    .split('&')
    .filter((pair) => {
      const [name = '', raw = ''] = pair.split(/=(.*)/s)
      return !takeParameter({ name: decodePercent(name), value: decodePercent(raw), raw, place }, collect)
    })
  return rest.slice(0, at) + (kept.length === 0 ? '' : `?${kept.join('&')}`)
}

function withoutPairSecrets(text: string, collect: SecretCollector): string {
  const pair = /(?<name>\w+)\s*=\s*(?<written>'(?<quoted>(?:[^'\\]|\\.)*)'|(?<bare>(?:[^\s\\]|\\.)*))\s*/gs
  return text.replace(pair, (whole: string, ...found: unknown[]) => {
    const { name = '', written = '', quoted, bare } = found.at(-1) as Partial<Record<string, string>>
    const raw = quoted ?? bare ?? ''
    const value = raw.replace(/\\(.)/gs, '$1')
    const isTaken = takeParameter({ name, value, raw, place: 'the connection string' }, collect)
    if (isTaken) collect.hide(written)
    return isTaken ? '' : whole
  })
}

interface Parameter {
  readonly name: string
  readonly value: string
  readonly raw: string
  readonly place: string
}

function takeParameter({ name, value, raw, place }: Parameter, collect: SecretCollector): boolean {
  if (!SECRET_PARAMETER.test(name)) return false
  if (name === 'password') collect.take(place, value, raw)
  else {
    collect.hide(value, raw)
    collect.expose(name)
  }
  return true
}

/** Matches options that send the dump elsewhere than to stdout, also abbreviated, and behind other letters. `-F` and `--format` alone match too. */
const OUTPUT_OPTION = /^(-[abBcCOsvwWx]*f|--fi?l?e?(=|$)|-[abBcCOsvwWx]*Fd|--format=d|-F$|--format$)/

/**
 * Returns the first option that sends the dump elsewhere than to stdout; `undefined` if there is none. `-F X` is one only for the directory
 * format.
 */
function outputOption(args: readonly string[]): string | undefined {
  return args.find(
    (arg, i) => OUTPUT_OPTION.test(arg) && (!/^(-F|--format)$/.test(arg) || /^d/.test(args[i + 1] ?? '')),
  )
}

/** Plans the dump of a PostgreSQL server, or of each of the named databases. */
function planPostgres(question: DumpQuestion): DumpPlan {
  const isServer = question.databases.length === 0
  const tool = findTool(question.tools, [isServer ? 'pg_dumpall' : 'pg_dump'], 'the PostgreSQL client')
  const { args, password } = question.given
  refuseArgs(question, tool)
  const server = serverOf(question.command)
  const call = (words: readonly string[]) => ({
    script: DUMP_SCRIPT,
    args: [tool, server.port ?? '', server.folder ?? ''],
    env: { ...argumentsInEnv(words), ...(password === null ? {} : { PGPASSWORD: password }) },
  })
  const asked = question.databases[0] ?? optionValue(args, '-l', '--database') ?? 'postgres'
  const facts = (client: string): FactsQuestion => {
    const ask = call(withDatabase(loginArgs(args), asked))
    return {
      script: FACTS_SCRIPT,
      args: [client, ...ask.args.slice(1)],
      env: { ...ask.env, MARINA_SERVER: SERVER_SQL, MARINA_LIST: LIST_SQL },
      read: readFacts,
    }
  }
  return {
    tool,
    files: isServer
      ? [{ ...call(args), database: null, name: 'dump.sql' }]
      : question.databases.map((database) => ({
          ...call(withDatabase(args, database)),
          database,
          name: fileNameOf(database, '.sql'),
        })),
    notices: [],
    rights: null,
    facts: question.tools.has('psql') ? facts('psql') : null,
    isWarning: saysWarning,
    isContinuation: (line) => DETAIL.test(line) || isIndented(line),
    check: () => checkByForm(() => textWithEnd(endOfDump(isServer), postgresRows(isServer)), ARCHIVES),
    hint: (words) => hintFor(words, question),
    secrets: [],
  }
}

function refuseArgs({ given, databases }: DumpQuestion, tool: string): void {
  if (given.exposed !== null)
    throw new InstanceError(
      `dumpArgs has "${given.exposed}", a secret that ${tool} would show in the process list: put it into a service file in the container, and name its service`,
    )
  const output = outputOption(given.args)
  if (output !== undefined)
    throw new InstanceError(
      `dumpArgs has "${output}", which makes ${tool} write elsewhere than into the backup: leave it out (the formats custom and tar are fine with databases)`,
    )
  const other = databases.length === 0 ? undefined : otherDatabase(given.args, databases)
  if (other !== undefined)
    throw new InstanceError(
      `dumpArgs has "${other}", which names a database: with "databases" each dump would hold that one. Leave it out`,
    )
}

/** Returns the argument that names a database, unless it is the only wanted one; `undefined` if there is none. */
function otherDatabase(args: readonly string[], wanted: readonly string[]): string | undefined {
  const other = connectionsIn(args).find(({ text }) => {
    const name = databaseIn(text)
    return name !== null && !(wanted.length === 1 && wanted[0] === name)
  })
  return other && args[other.index]
}

/** Returns the database that a connection names: in a URL, in a string of `key=value`, or as the name itself; `null` if it names none. */
function databaseIn(connection: string): string | null {
  const url = /^[a-z]+:\/\/[^/?]*(?:\/([^?]*))?(?:\?(.*))?$/is.exec(connection)
  if (url) return decodePercent(/(?:^|&)dbname=([^&]*)/.exec(url[2] ?? '')?.[1] ?? url[1] ?? '') || null
  if (!connection.includes('=')) return connection
  const [, quoted, bare] = /(?:^|\s)dbname\s*=\s*(?:'((?:[^'\\]|\\.)*)'|(\S+))/s.exec(connection) ?? []
  return quoted ?? bare ?? null
}

const ARCHIVES: readonly DumpForm[] = [
  { begins: (head) => head.subarray(0, 5).toString('latin1') === 'PGDMP', check: customArchive },
  { begins: (head) => head.subarray(257, 262).toString('latin1') === 'ustar', check: tarArchive },
]

/**
 * Returns the end mark of a dump: a comment that is its last line, or is followed by a line `\unrestrict` (since the releases of August
 * 2025). The user's own data cannot stand behind it. A dump of the whole server also contains the comment of each database, which does not
 * count.
 */
function endOfDump(isServer: boolean) {
  const marker = `-- PostgreSQL database ${isServer ? 'cluster ' : ''}dump complete`
  return {
    missing: `its last line is not "${marker}"`,
    ends: (tail: string) => {
      const lines = tail.split('\n').filter((line) => line !== '' && line !== '--' && !line.startsWith('\\unrestrict '))
      return lines.at(-1) === marker
    },
  }
}

/** Matches a line that belongs to the warning above it: `DETAIL:  …`, `HINT:  …` of the server, `pg_dump: detail: …` of the tools. */
const DETAIL = /^(?:[\w./-]+: )?(?:detail|hint|context|statement|location|query):/i

/** Matches words of an English server that refuses a connection for another reason than the login. */
const SAYS_OTHERWISE =
  /too many|starting up|shutting down|recovery|does not exist|not (currently|yet) accepting|timeout|SSL|could not translate/i

/** An example of how to name an account, for messages. */
const LOGIN_ARGS = `dumpArgs: ["--host=127.0.0.1", "--username=NAME", "--password=\${DB_PASSWORD}"]`

/** Says what to write in the configuration after the tool failed with these words; `null` if they suggest nothing. */
function hintFor(words: string, { given, databases }: DumpQuestion): string | null {
  if (/\bpeer\b/i.test(words))
    return `the server lets only the system's user of that name in by its socket. Log in with a password: ${LOGIN_ARGS}`
  if (/pg_authid/.test(words))
    return 'only a superuser may read the passwords of roles. Write dumpArgs: ["--no-role-passwords"], or name "databases", or dump with a superuser'
  if (/password authentication failed|no password supplied/i.test(words))
    return given.password !== null
      ? 'look at the user and the password in dumpArgs'
      : `the container's environment holds no password, or another than the server's: it sets only the first one, and a later change does not reach it. Write ${LOGIN_ARGS}`
  if (/pg_hba\.conf/i.test(words)) return `the server lets nobody in that way. Try ${LOGIN_ARGS}`
  if (/role ".*" does not exist/i.test(words)) return 'name a user of the server: dumpArgs: ["--username=NAME"]'
  if (databases.length === 0 && /database "postgres" does not exist/i.test(words))
    return 'name a database to connect to: dumpArgs: ["--database=NAME"]'
  if (/connection refused|could not connect|connection to server .* failed: (No such file|Connection)/i.test(words))
    return 'say where the server listens: dumpArgs: ["--host=127.0.0.1", "--port=5433"], or --host=/folder/of/its/socket'
  // the client's own words, in English; behind them the server speaks the language of its lc_messages
  if (/connection to (server|database)\b.* failed: /i.test(words) && !SAYS_OTHERWISE.test(words))
    return `the server refused the connection. If that is for the login, write ${LOGIN_ARGS}`
  return null
}
