/**
 * Knows how a dump of MySQL or MariaDB is loaded: SQL by `mariadb` or `mysql`. The server's databases, or the one that the dump holds, are
 * dropped before. Pure.
 */
import { DamagedBackupError } from '../../errors.ts'
import { findTool } from '../engineContract.ts'
import {
  type LoadFilter,
  type LoadPlan,
  type LoadQuestion,
  type LoadScript,
  refusePart,
  SERVER_GONE,
} from '../loadContract.ts'
import { countsOne, type PresencePlan, type PresenceQuestion } from '../presenceContract.ts'
import { argumentsInEnv, optionValue } from '../script.ts'
import { baseEnv, CLIENT, connectionArgs, FIRST_OPTION, reachesItself, socketOf } from './mysqlLogin.ts'
import { judgeMysqlOptions } from './mysqlOptions.ts'

/** Databases that every server has, and that are not dropped. The dump brings the tables of `mysql` itself. */
export const SYSTEM_DATABASES = ['mysql', 'information_schema', 'performance_schema', 'sys'] as const

/** Longest wait for somebody else's lock, s. The server's own default is a day and more. */
const LOCK_WAIT_S = 60

/**
 * Ends other connections (`MARINA_KILL` selects the statements), then runs the statements that `MARINA_LIST` selects. A connection that
 * ended by itself meanwhile is no failure.
 */
const PREPARE_SCRIPT = `${CLIENT}
kill=$MARINA_KILL list=$MARINA_LIST; unset MARINA_KILL MARINA_LIST
others=$(printf '%s\\n' "$kill" | client "$@") || exit 1
if [ -n "$others" ]; then printf '%s\\n' "$others" | client "$@" --force >/dev/null 2>&1; fi
statements=$(printf '%s\\n' "$list" | client "$@") || exit 1
client "$@" <<MARINA_END_OF_SQL
SET SESSION lock_wait_timeout=${LOCK_WAIT_S}; SET foreign_key_checks=0;
$statements
MARINA_END_OF_SQL`

/**
 * Loads SQL from stdin. `--binary-mode`: bytes are taken as they are, and a line that begins with a backslash is no command of the client;
 * so an older client does not stumble over the first line of a newer MariaDB's dump either.
 */
const LOAD_SCRIPT = `${CLIENT}
client "$@" --binary-mode --max-allowed-packet=1G`

const OPTIONS = ['--batch', '--raw', '--skip-column-names', '--default-character-set=utf8mb4', '--skip-reconnect']

/** Plans the load of a dump of a MySQL or MariaDB server, or of one database. */
export function planMysqlLoad(question: LoadQuestion): LoadPlan {
  const names = question.kind === 'mariadb' ? ['mariadb', 'mysql'] : ['mysql', 'mariadb']
  const tool = findTool(question.tools, names, 'one')
  if (question.head.subarray(0, 5).toString('latin1') === '<?xml')
    throw new DamagedBackupError('the dump is XML, which no tool loads back: leave --xml out of dumpArgs')
  refusePart(question, judgeMysqlOptions(question.given.args).leftOutBy)
  const env = { MARINA_KILL: killOthers(question.database), MARINA_LIST: dropStatements(question) }
  return {
    tool,
    prepare: mysqlCall(question, { tool, script: PREPARE_SCRIPT, options: OPTIONS, env }),
    load: mysqlCall(question, { tool, script: LOAD_SCRIPT, options: OPTIONS }),
    filter: () => sqlFilter(question.database === null ? lastStatements(question) : ''),
    finish: null,
    cleanUp: null,
    isError: (line) => /^ERROR\b|\berror: /i.test(line),
    hint: (words) => hintForLoad(words, question),
    lack: (words) => lackOf(words, question),
    secrets: [],
  }
}

const LOOK_SCRIPT = `${CLIENT}
printf '%s\\n' "$MARINA_LIST" | client "$@"`

/** Plans how a database is looked for, and how it is dropped. */
export function planMysqlPresence(question: PresenceQuestion): PresencePlan {
  const { database } = question
  const names = question.kind === 'mariadb' ? ['mariadb', 'mysql'] : ['mysql', 'mariadb']
  const tool = findTool(question.tools, names, 'one')
  const count = `SELECT COUNT(*) FROM information_schema.schemata WHERE CAST(schema_name AS BINARY) = ${hex(database)};`
  const drop = { MARINA_KILL: killOthers(database), MARINA_LIST: dropStatement(database) }
  return {
    look: mysqlCall(question, { tool, script: LOOK_SCRIPT, options: OPTIONS, env: { MARINA_LIST: count } }),
    isThere: countsOne,
    drop: mysqlCall(question, { tool, script: PREPARE_SCRIPT, options: OPTIONS, env: drop }),
  }
}

interface MysqlCall {
  readonly tool: string
  /** Begins with `CLIENT`. */
  readonly script: string
  readonly options: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Makes a script's call, with the connection of `dumpArgs`. */
export function mysqlCall(
  { given, command }: Pick<LoadQuestion, 'given' | 'command'>,
  { tool, script, options, env = {} }: MysqlCall,
): LoadScript {
  const first = given.args.filter((arg) => FIRST_OPTION.test(arg))
  const rest = given.args.filter((arg) => !FIRST_OPTION.test(arg))
  const reach = reachesItself(rest) ? [] : socketOf(command)
  const trusted = first.some((arg) => arg !== '--no-defaults') ? '1' : ''
  return {
    script,
    args: [tool, String(first.length), trusted],
    env: {
      ...baseEnv({ given }, rest),
      ...argumentsInEnv([...first, ...reach, ...connectionArgs(rest), ...options]),
      ...env,
    },
  }
}

function name(text: string): string {
  return `\`${text.replaceAll('`', '``')}\``
}

/** Writes a text as a number's digits, which no `sql_mode` reads in another way. */
function hex(text: string): string {
  return `0x${Buffer.from(text).toString('hex')}`
}

/** SQL that selects a statement for each connection of others: to any database, or to `database`. */
function killOthers(database: string | null): string {
  const which = database === null ? '' : ` AND CAST(db AS BINARY) = ${hex(database)}`
  return `SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND command NOT IN ('Daemon', 'Binlog Dump', 'Binlog Dump GTID') AND user NOT IN ('system user', 'event_scheduler')${which};`
}

/** SQL that selects the statement that drops a database. */
function dropStatement(database: string): string {
  return `SELECT CONVERT(${hex(`DROP DATABASE IF EXISTS ${name(database)};`)} USING utf8mb4);`
}

/** SQL that selects the statements to run before the load. */
function dropStatements({ database, given, purpose }: LoadQuestion): string {
  if (database === null)
    return `SELECT CONCAT('DROP DATABASE \`', REPLACE(schema_name, '\`', '\`\`'), '\`;') FROM information_schema.schemata WHERE schema_name NOT IN (${SYSTEM_DATABASES.map((one) => `'${one}'`).join(', ')});`
  const drop = dropStatement(database)
  // on a scratch server nobody knows whether the dump makes its database
  const makesItself = purpose === 'replace' && !given.args.some((arg) => /^(-n|--no[-_]create[-_]db)$/.test(arg))
  if (makesItself) return drop
  const create = `CREATE DATABASE ${name(database)}`
  return `${drop} SELECT CONCAT(CONVERT(${hex(create)} USING utf8mb4), COALESCE((SELECT CONCAT(' CHARACTER SET ', default_character_set_name, ' COLLATE ', default_collation_name) FROM information_schema.schemata WHERE CAST(schema_name AS BINARY) = ${hex(database)}), ''), ';');`
}

/**
 * Makes the statements behind the dump of a whole server. From them on its accounts count, so they come last: the one that loads is not
 * locked out half way. On a scratch server that account is made anew, since the dump does not hold it.
 */
function lastStatements({ purpose, given }: LoadQuestion): string {
  const user = optionValue(given.args, '-u', '--user')
  if (purpose !== 'empty' || user === null || given.password === null) return '\nFLUSH PRIVILEGES;\n'
  const account = `'${user}'@'localhost'`
  const password = given.password.replace(/['\\]/g, '')
  return `\nFLUSH PRIVILEGES;
CREATE USER IF NOT EXISTS ${account} IDENTIFIED BY '${password}';
GRANT ALL PRIVILEGES ON *.* TO ${account} WITH GRANT OPTION;\n`
}

const NEWLINE = 10
/** Matches the statement that a server with identifiers of transactions refuses, if it has run any. */
const GTID = /^SET @@GLOBAL\.GTID_PURGED\s*=/i
/** Number of first bytes in which that statement stands. */
const HEAD_BYTES = 64 << 10

/** Makes a filter that leaves out the transactions that the dump's server had seen, and adds `last` at the end. */
function sqlFilter(last: string): LoadFilter {
  let head: Buffer | null = Buffer.alloc(0)
  const open = () => {
    const all = head ?? Buffer.alloc(0)
    head = null
    return withoutGtid(all)
  }
  return {
    pass(chunk) {
      if (head === null) return chunk
      head = Buffer.concat([head, chunk])
      return head.length < HEAD_BYTES ? Buffer.alloc(0) : open()
    },
    end: () => Buffer.concat([open(), Buffer.from(last)]),
  }
}

function withoutGtid(head: Buffer): Buffer {
  for (let at = 0; at < head.length; ) {
    const newline = head.indexOf(NEWLINE, at)
    const end = newline < 0 ? head.length : newline + 1
    const line = head.toString('latin1', at, end)
    if (/^(CREATE|USE|DROP|INSERT|--\n-- Current Database)/.test(line)) return head
    if (GTID.test(line)) {
      const semicolon = head.indexOf(';', at)
      return semicolon < 0 ? head : Buffer.concat([head.subarray(0, at), head.subarray(semicolon + 1)])
    }
    at = end
  }
  return head
}

/** Says what the server lacks, or that it went down; `null` if the words do not tell that. The dump of a whole server brings its accounts. */
function lackOf(words: string, { database }: LoadQuestion): string | null {
  // data of the dump may stand behind the number
  const number = /^ERROR (\d+)\b/m.exec(words)?.[1] ?? ''
  if (/^(2002|2003|2006|2013|1053|1927)$/.test(number)) return SERVER_GONE
  const isFull = /^(3|1005|1026|1030|1878)$/.test(number) && /No space left|\b(errno:|error) 28\b/i.test(words)
  if (isFull || /^(1021|1114)$/.test(number)) return "the server's disk is full"
  if (/^(1037|1038|1041|1135)$/.test(number)) return 'the server ran out of memory'
  if (/^(1273|1115)$/.test(number))
    return 'the server does not know the character set or collation: its image is older than the dump, or of another kind'
  if (/^(1286|1524|1126|1127)$/.test(number)) return 'the plugin or storage engine is not in the image of the server'
  if (number === '1153') return 'a statement is larger than the server takes'
  if (number === '1205') return 'somebody held a lock'
  if (number === '1449' && database !== null) return 'an account is missing: the dump of one database holds no accounts'
  return null
}

/** Says what to do after the load failed with these words; `null` if they suggest nothing. It looks for the server's error numbers. */
function hintForLoad(words: string, { given, database }: LoadQuestion): string | null {
  if (/\b(1045|1698)\b/.test(words))
    return given.password === null
      ? `write the account that loads: dumpArgs: ["--user=root", "--password=\${DB_PASSWORD}"]`
      : 'look at the user and the password in dumpArgs'
  if (/\b1449\b/.test(words))
    return `an account that the dump names is not on the server${database === null ? '' : ', and the dump of one database holds no accounts'}: create it (CREATE USER) and load again, or back up the whole server, without "databases"`
  if (/\b(1273|1115)\b/.test(words))
    return 'the server does not know this character set: it is older than the one that made the dump, or MariaDB in place of MySQL. Take the image of the backup'
  if (/\b(1286|1524|1126|1127)\b/.test(words))
    return 'the plugin or storage engine is not on the server: take the image and the settings of the backup'
  if (/\b1153\b/.test(words)) return 'start the server with a larger --max-allowed-packet'
  if (/\b1419\b/.test(words)) return 'start the server with --log-bin-trust-function-creators=1'
  if (/\b(1044|1142|1227|1410)\b/.test(words))
    return `name an account that may do it: dumpArgs: ["--user=root", "--password=\${DB_PASSWORD}"]`
  if (/\b1205\b/.test(words)) return 'somebody holds a lock in that database: stop the applications that use it'
  if (/\b(1021|1114)\b|No space left/.test(words)) return "free disk space where the server's data lies"
  return null
}
