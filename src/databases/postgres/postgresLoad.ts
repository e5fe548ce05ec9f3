/**
 * Knows how a dump of PostgreSQL is loaded: SQL by `psql`, the formats custom and tar by `pg_restore`. The server's databases, or the one
 * that the dump holds, are dropped before and made anew. Pure.
 */
import { DamagedBackupError, InstanceError } from '../../errors.ts'
import { findTool } from '../engineContract.ts'
import { type LoadPlan, type LoadQuestion, type LoadScript, refusePart, SERVER_GONE } from '../loadContract.ts'
import { countsOne, type PresencePlan, type PresenceQuestion } from '../presenceContract.ts'
import { argumentsInEnv, optionValue } from '../script.ts'
import { clusterFilter, databaseFilter } from './postgresLoadFilter.ts'
import { connectionsIn, LOG_IN, loginArgs, serverOf, withDatabase } from './postgresLogin.ts'
import { judgePostgresOptions } from './postgresOptions.ts'

/** Stands in arguments for the database that `ON_SOME_DATABASE` chooses. */
const PLACE = 'MARINA_DATABASE'

/**
 * Shell code behind `LOG_IN`. It chooses the first database among the words of `MARINA_TRY` that lets us in, and puts its name into the
 * arguments. The last try may show why none does.
 */
const ON_SOME_DATABASE = `
at() {
  base=$1; shift; n=$#
  while [ "$n" -gt 0 ]; do
    arg=$1; shift; n=$((n-1))
    case $arg in *${PLACE}*) arg=\${arg%%${PLACE}*}$base\${arg#*${PLACE}} ;; esac
    set -- "$@" "$arg"
  done
  "$program" --no-password "$@"
}
try=$MARINA_TRY sql=\${MARINA_SQL-}; unset MARINA_TRY MARINA_SQL
export PGCLIENTENCODING=UTF8
chosen= program=psql
for one in $try; do
  chosen=$one
  if at "$one" "$@" -X -q -c 'SELECT 1' >/dev/null 2>&1; then break; fi
done
program=$tool`

/** Runs the SQL of `MARINA_SQL`. */
const SQL_SCRIPT = `${LOG_IN}${ON_SOME_DATABASE}
at "$chosen" "$@" -X -q -A -t -v ON_ERROR_STOP=1 -f - <<MARINA_END_OF_SQL
$sql
MARINA_END_OF_SQL`

/** Loads SQL from stdin, beginning in a database that we name. */
const PSQL_SCRIPT = `${LOG_IN}
exec "$tool" --no-password -X -q -o /dev/null -v ON_ERROR_STOP=1 "$@" -f -`

/** Loads SQL from stdin, beginning in some database. */
const PSQL_SOMEWHERE_SCRIPT = `${LOG_IN}${ON_SOME_DATABASE}
at "$chosen" "$@" -X -q -o /dev/null -v ON_ERROR_STOP=1 -f -`

/** Loads an archive from stdin. It makes its database itself. */
const ARCHIVE_SCRIPT = `${LOG_IN}${ON_SOME_DATABASE}
at "$chosen" "$@" --exit-on-error --create`

/** Plans the load of a dump of a PostgreSQL server, or of one database. */
export function planPostgresLoad(question: LoadQuestion): LoadPlan {
  const form = formOf(question.head)
  refusePart(question, judgePostgresOptions(question.given.args, question.database === null).leftOutBy)
  findTool(question.tools, ['psql'], 'the PostgreSQL client')
  const tool = form === 'text' ? 'psql' : findTool(question.tools, ['pg_restore'], 'the PostgreSQL client')
  return question.database === null ? planServer(question, form) : planDatabase(question, question.database, tool)
}

type DumpFormat = 'text' | 'archive'

function formOf(head: Buffer): DumpFormat {
  const isArchive =
    head.subarray(0, 5).toString('latin1') === 'PGDMP' || head.subarray(257, 262).toString('latin1') === 'ustar'
  return isArchive ? 'archive' : 'text'
}

/** Tells whether a dump in SQL makes its database (`--create`): then that is the first object in it. */
function holdsDatabase(head: Buffer): boolean {
  const first = /^-- Name: .*$/m.exec(head.toString('latin1'))?.[0] ?? ''
  return first.includes('; Type: DATABASE;')
}

function planServer(question: LoadQuestion, form: DumpFormat): LoadPlan {
  if (form === 'archive')
    throw new DamagedBackupError('the dump of the whole server is no SQL: it cannot be one of pg_dumpall')
  const base = `marina_load_${question.token}`
  const tries = [...givenDatabase(question), 'postgres', 'template1']
  const start = withDatabase(loginArgs(question.given.args), base)
  return {
    tool: 'psql',
    prepare: somewhere(question, { tool: 'psql', script: SQL_SCRIPT, tries, sql: prepareServer(base) }),
    load: call(question, { tool: 'psql', script: PSQL_SCRIPT, args: start }),
    filter: (prepared) => clusterFilter({ ...readServer(prepared), base, purpose: question.purpose }),
    finish: null,
    cleanUp: somewhere(question, { tool: 'psql', script: SQL_SCRIPT, tries, sql: cleanUpServer(base) }),
    isError: saysError,
    hint: (words) => hintForLoad(words, question),
    lack: (words) => lackOf(words, question),
    secrets: [],
  }
}

function planDatabase(question: LoadQuestion, database: string, tool: string): LoadPlan {
  const makesItself = tool === 'pg_restore' || holdsDatabase(question.head)
  const tries = [...givenDatabase(question), 'postgres', 'template1'].filter((one) => one !== database)
  const loginOf = loginArgs(question.given.args)
  const sql = `${START}${dropDatabases(`datname = ${literal(database)}`, makesItself ? null : database)}`
  // a scratch server lacks the roles that only the whole server's dump holds
  const options = question.purpose === 'empty' ? ['--no-owner', '--no-acl'] : []
  const somewhereElse = (script: string, more: readonly string[] = []) =>
    somewhere(question, { tool, script, tries, more })
  return {
    tool,
    prepare: somewhere(question, { tool: 'psql', script: SQL_SCRIPT, tries, sql }),
    load:
      tool === 'pg_restore'
        ? somewhereElse(ARCHIVE_SCRIPT, options)
        : makesItself
          ? somewhereElse(PSQL_SOMEWHERE_SCRIPT)
          : call(question, { tool, script: PSQL_SCRIPT, args: withDatabase(loginOf, database) }),
    filter: () => databaseFilter(tool === 'psql'),
    finish: null,
    cleanUp: null,
    isError: saysError,
    hint: (words) => hintForLoad(words, question),
    lack: (words) => lackOf(words, question),
    secrets: [],
  }
}

/** Plans how a database is looked for, and how it is dropped. */
export function planPostgresPresence(question: PresenceQuestion): PresencePlan {
  const { database } = question
  const tool = findTool(question.tools, ['psql'], 'the PostgreSQL client')
  const tries = [...givenDatabase(question), 'postgres', 'template1'].filter((one) => one !== database)
  const which = `datname = ${literal(database)}`
  const run = (sql: string) => somewhere(question, { tool, script: SQL_SCRIPT, tries, sql: `${START}${sql}` })
  return {
    look: run(`SELECT count(*) FROM pg_database WHERE ${which};`),
    isThere: countsOne,
    drop: run(dropDatabases(which, null)),
  }
}

type Login = Pick<LoadQuestion, 'given' | 'command'>

function call(
  { given, command }: Login,
  what: { readonly tool: string; readonly script: string; readonly args: readonly string[] },
): LoadScript {
  const server = serverOf(command)
  return {
    script: what.script,
    args: [what.tool, server.port ?? '', server.folder ?? ''],
    env: { ...argumentsInEnv(what.args), ...(given.password === null ? {} : { PGPASSWORD: given.password }) },
  }
}

interface SomewhereCall {
  readonly tool: string
  readonly script: string
  /** Databases to begin in; the first that lets us in is taken. */
  readonly tries: readonly string[]
  readonly sql?: string
  readonly more?: readonly string[]
}

function somewhere(question: Login, { tool, script, tries, sql = '', more = [] }: SomewhereCall): LoadScript {
  const args = [...withDatabase(loginArgs(question.given.args), PLACE), ...more]
  const made = call(question, { tool, script, args })
  return { ...made, env: { ...made.env, MARINA_TRY: tries.join(' '), MARINA_SQL: sql } }
}

/** Returns the database that dumpArgs name to connect to, if a shell's word can name it; else nothing. */
function givenDatabase({ given }: Pick<LoadQuestion, 'given'>): string[] {
  const named =
    optionValue(given.args, '-l', '--database') ??
    connectionsIn(given.args)
      .map(({ text }) => text)
      .at(-1)
  return named !== undefined && /^\w+$/.test(named) ? [named] : []
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

const START = `SET standard_conforming_strings = on; SET client_min_messages = warning; SET search_path = pg_catalog;
`

/** Facts about the server that the filter of a whole server's dump needs. */
interface ServerNow {
  /** The account that loads. */
  readonly me: string
  readonly roles: readonly string[]
  readonly tablespaces: readonly string[]
}

function readServer(prepared: string): ServerNow {
  try {
    const facts = JSON.parse(prepared.trim().split('\n').at(-1) ?? '')
    return { me: String(facts.me), roles: [...facts.roles], tablespaces: [...facts.tablespaces] }
  } catch (error) {
    throw new InstanceError(
      `the server was asked for its roles, and answered ${JSON.stringify(prepared.slice(-200))}`,
      {
        cause: error,
      },
    )
  }
}

/**
 * Drops all databases of the server; `postgres` and `template1`, which every server has, are made anew. Takes memberships and settings from
 * the roles: the dump brings its own. Tells what the filter must know. `base` is the database that the load begins in: it holds nothing.
 */
function prepareServer(base: string): string {
  return `${START}
DO $$ BEGIN
  IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    RAISE EXCEPTION 'account % is no superuser, and only a superuser may load a whole server', current_user;
  END IF;
END $$;
CREATE DATABASE ${base} TEMPLATE template0;
\\connect ${base}
${START}
${dropDatabases(`datname NOT IN ('template0', '${base}')`, 'postgres', 'template1')}
SELECT format('ALTER ROLE %I RESET ALL', rolname) FROM pg_roles WHERE oid >= 16384 OR oid = 10
\\gexec
SELECT format('REVOKE %s FROM %s%s CASCADE', m.roleid::regrole, m.member::regrole,
  ' GRANTED BY ' || CASE WHEN current_setting('server_version_num')::int >= 160000 THEN m.grantor::regrole::text END)
FROM pg_auth_members m WHERE m.roleid >= 16384 OR m.member >= 16384
\\gexec
SELECT json_build_object('me', current_user,
  'roles', (SELECT coalesce(json_agg(rolname), '[]') FROM pg_roles WHERE oid >= 16384),
  'tablespaces', (SELECT coalesce(json_agg(spcname), '[]') FROM pg_tablespace WHERE oid >= 16384));`
}

function cleanUpServer(base: string): string {
  return `${START}
SELECT format('ALTER DATABASE %I IS_TEMPLATE true', datname) FROM pg_database WHERE datname = 'template1' AND NOT datistemplate
\\gexec
${dropDatabases(`datname = ${literal(base)}`)}`
}

/**
 * SQL that ends the connections to the databases for which `which` is true, and drops them. Those among `again` are then made anew, empty,
 * with their owner, encoding, collation, rights and settings; one of them that is not there is made with the server's defaults, except for
 * `postgres` and `template1`.
 */
function dropDatabases(which: string, ...again: readonly (string | null)[]): string {
  const names = again.filter((one) => one !== null)
  const old = "current_setting('server_version_num')::int < 130000"
  return `${names.length === 0 ? '' : rememberDatabases(names)}
\\o /dev/null
SELECT format('ALTER DATABASE %I IS_TEMPLATE false', datname) FROM pg_database WHERE datistemplate AND ${which}
\\gexec
SELECT format('ALTER DATABASE %I ALLOW_CONNECTIONS false', datname) FROM pg_database WHERE ${old} AND ${which}
\\gexec
SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a, pg_database d
WHERE ${old} AND d.datname = a.datname AND a.pid <> pg_backend_pid() AND d.${which};
SELECT format('DROP DATABASE %I%s', datname, CASE WHEN ${old} THEN '' ELSE ' WITH (FORCE)' END) FROM pg_database WHERE ${which}
\\gexec
\\o
${names.length === 0 ? '' : 'SELECT sql FROM pg_temp.marina_again ORDER BY n\n\\gexec'}
`
}

/** Settings whose value is a list of names: it is written as it stands, not as one text. */
const LISTS =
  "'local_preload_libraries', 'search_path', 'session_preload_libraries', 'shared_preload_libraries', 'temp_tablespaces', 'unix_socket_directories'"

function rememberDatabases(names: readonly string[]): string {
  const wanted = `d.datname IN (${names.map(literal).join(', ')})`
  const missing = names.filter((name) => name !== 'postgres' && name !== 'template1')
  const add = (select: string) => `INSERT INTO pg_temp.marina_again (sql) ${select};`
  return `CREATE TEMP TABLE marina_again (n serial, sql text);
${add(`SELECT format('CREATE DATABASE %I WITH TEMPLATE template0 OWNER %I ENCODING %L LC_COLLATE %L LC_CTYPE %L%s%s TABLESPACE %I CONNECTION LIMIT %s',
  d.datname, pg_get_userbyid(d.datdba), pg_encoding_to_char(d.encoding), d.datcollate, d.datctype,
  CASE to_jsonb(d)->>'datlocprovider'
    WHEN 'i' THEN format(' LOCALE_PROVIDER icu ICU_LOCALE %L', coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale'))
    WHEN 'b' THEN format(' LOCALE_PROVIDER builtin BUILTIN_LOCALE %L', to_jsonb(d)->>'datlocale')
    WHEN 'c' THEN ' LOCALE_PROVIDER libc' END,
  ' ICU_RULES ' || quote_literal(to_jsonb(d)->>'daticurules'), t.spcname, d.datconnlimit)
FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE ${wanted}`)}
${missing.map((name) => add(`SELECT format('CREATE DATABASE %I TEMPLATE template0', ${literal(name)}) WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = ${literal(name)})`)).join('\n')}
${add(`SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC, %I', d.datname, pg_get_userbyid(d.datdba)) FROM pg_database d WHERE ${wanted} AND d.datacl IS NOT NULL`)}
${add(`SELECT format('GRANT %s ON DATABASE %I TO %s%s', a.privilege_type, d.datname, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END, CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END)
FROM pg_database d, aclexplode(d.datacl) a WHERE ${wanted}`)}
${add(`SELECT format('ALTER %s SET %I TO %s', CASE s.setrole WHEN 0 THEN format('DATABASE %I', d.datname) ELSE format('ROLE %s IN DATABASE %I', s.setrole::regrole, d.datname) END,
  split_part(c, '=', 1), CASE WHEN split_part(c, '=', 1) IN (${LISTS}) THEN substr(c, strpos(c, '=') + 1) ELSE quote_literal(substr(c, strpos(c, '=') + 1)) END)
FROM pg_database d JOIN pg_db_role_setting s ON s.setdatabase = d.oid, unnest(s.setconfig) c WHERE ${wanted}`)}
${add(`SELECT format('COMMENT ON DATABASE %I IS %L', d.datname, shobj_description(d.oid, 'pg_database')) FROM pg_database d WHERE ${wanted} AND shobj_description(d.oid, 'pg_database') IS NOT NULL`)}
${add(`SELECT format('ALTER DATABASE %I IS_TEMPLATE true', d.datname) FROM pg_database d WHERE ${wanted} AND d.datistemplate`)}`
}

function saysError(line: string): boolean {
  return /\b(ERROR|FATAL|PANIC):|\berror: |^\w+: invalid |invalid command/.test(line)
}

/** Matches what the tools write before the server's own words. */
const BEFORE_WORDS =
  /^(?:psql:[^:]*:\d+: )?(?:(?:psql|pg_restore): )?(?:error: (?:could not execute query: )?)?(?:(?:ERROR|FATAL|PANIC): +)?/

/**
 * The words of faults that lie in the server. They are looked for at the beginning of an error's line, since behind it may stand data of the
 * dump.
 */
const LACKS: readonly (readonly [RegExp, (name: string) => string])[] = [
  [/^could not .*: (?:No space left on device|Disk quota exceeded)/, () => "the server's disk is full"],
  [/^(?:out of memory|could not resize shared memory|could not fork)/, () => 'the server ran out of memory'],
  [/^extension "(.+?)" is not available/, notInImage('extension')],
  [/^could not open extension control file ".*\/(.+?)\.control"/, notInImage('extension')],
  [/^could not (?:access|load) (?:file|library) "(.+?)"/, notInImage('library')],
  [
    /^(?:extension )?"?([\w.$-]+)"? must be (?:pre)?loaded\b/,
    (name) => `the server does not load the library "${name}" when it starts (shared_preload_libraries)`,
  ],
  [/^(?:invalid|could not create) (?:LC_\w+ )?locale(?: name:?)? "(.+?)"/, notInImage('locale')],
  [/^tablespace location must be an absolute path/, () => 'the server is too old for the tablespaces of the dump'],
  [
    /^(?:invalid value for parameter "default_tablespace": |tablespace )"(.+?)"/,
    (name) => `the tablespace "${name}" is not on the server`,
  ],
  [/^directory "(.+?)" does not exist/, (name) => `the folder ${name} of a tablespace is not on the server`],
  [
    /^(?:invalid command \\(?:un)?restrict|unsupported version \(.*\) in file header|unrecognized configuration parameter)/,
    () => "the server's image is older than the programs that made the dump",
  ],
  [
    /^(?:server closed the connection|connection to server .*(?:failed|was lost)|terminating connection|the database system is |could not (?:receive|send) data |SSL SYSCALL error|no connection to the server)/,
    () => SERVER_GONE,
  ],
]

function notInImage(what: string): (name: string) => string {
  return (name) => `the ${what} "${name}" is not in the image of the server`
}

/** Says what the server lacks, or that it went down; `null` if the words do not tell that. The dump of a whole server brings its roles. */
function lackOf(words: string, { database }: LoadQuestion): string | null {
  for (const line of words.split('\n')) {
    const said = line.replace(BEFORE_WORDS, '')
    const role = database === null ? undefined : /^role "(.+?)" does not exist/.exec(said)?.[1]
    if (role !== undefined)
      return `the role "${role}" is missing: the dump of one database holds no roles, and the manifest does not name this one`
    for (const [pattern, sentence] of LACKS) {
      const found = pattern.exec(said)
      if (found !== null) return sentence(found[1] ?? '')
    }
  }
  return null
}

function missingExtension(words: string): string | undefined {
  return (
    /extension "(.+?)" is not available/.exec(words)?.[1] ??
    /extension\/([\w-]+)\.control"?: No such file/.exec(words)?.[1]
  )
}

/** Says what to do after the load failed with these words; `null` if they suggest nothing. */
function hintForLoad(words: string, { database }: LoadQuestion): string | null {
  const role = /role "(.+?)" does not exist/.exec(words)?.[1]
  if (role !== undefined)
    return `the role "${role}" is not on the server${database === null ? '' : ', and the dump of one database holds no roles'}: create it (CREATE ROLE) and load again, or back up the whole server, without "databases"`
  const extension = missingExtension(words)
  if (extension !== undefined)
    return `the extension "${extension}" is not in the server's image: take the image of the backup, or one that has the extension`
  const library = /could not access file "(.+?)"/.exec(words)?.[1]
  if (library !== undefined) return `the library ${library} is not in the server's image: take the image of the backup`
  if (/invalid command \\(un)?restrict/.test(words))
    return "the server's psql is older than the one that made the dump: take the newest image of that version"
  if (/unsupported version \(.*\) in file header|unrecognized configuration parameter/.test(words))
    return 'the server is older than the one that made the dump: take an image of the same major version, or a newer one'
  if (/No space left on device|could not extend file/.test(words)) return "free disk space where the server's data lies"
  if (/no superuser|permission denied|must be (superuser|owner)/.test(words))
    return `name an account that may do it: dumpArgs: ["--username=NAME", "--password=\${DB_PASSWORD}"]`
  if (/prepared transaction/.test(words)) return 'end them: SELECT * FROM pg_prepared_xacts, then ROLLBACK PREPARED'
  return null
}
