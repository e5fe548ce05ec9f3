/**
 * Knows MySQL and MariaDB: the signs of their containers, the secrets in their arguments, the dump by `mysqldump` or `mariadb-dump`,
 * whichever the container has, the question for the account's rights, and hints after a failure.
 */
import { InstanceError } from '../../errors.ts'
import {
  type DatabaseEngine,
  type DumpPlan,
  type DumpQuestion,
  fileNameOf,
  findTool,
  isIndented,
  saysWarning,
} from '../engineContract.ts'
import { checkByForm, type DumpForm, textWithEnd } from '../formats/text.ts'
import { mysqlRows } from '../rows/mysqlRows.ts'
import { argumentsInEnv } from '../script.ts'
import { extractSecrets } from '../secretArgs.ts'
import { isSystemTable, planMysqlAsk, planMysqlCount } from './mysqlCount.ts'
import { FACTS_SQL, readFacts } from './mysqlFacts.ts'
import { isSwitchedOn, judgeGrants } from './mysqlGrants.ts'
import { planMysqlLoad, planMysqlPresence } from './mysqlLoad.ts'
import {
  ASK_SCRIPT,
  baseEnv,
  CHOOSE_ACCOUNT,
  connectionArgs,
  FIRST_OPTION,
  LETTERS,
  reachesItself,
  socketOf,
} from './mysqlLogin.ts'
import { judgeMysqlOptions } from './mysqlOptions.ts'
import { planMysqlScratch } from './mysqlScratch.ts'

const MYSQL_DATA = /^\/var\/lib\/mysql(\/data)?$|^\/bitnami\/(mysql|mariadb)(\/data)?$|^\/config(\/databases)?$/

export const mysql = {
  kinds: {
    mysql: {
      image: /mysql|percona-server$|^percona$|percona-xtradb/,
      server: /^mysqld([_-]safe)?$/,
      variable: /^MYSQL_(ROOT_PASSWORD|RANDOM_ROOT_PASSWORD|ALLOW_EMPTY_PASSWORD)(_FILE)?$/,
      data: MYSQL_DATA,
      tool: 'mysqldump',
    },
    mariadb: {
      image: /mariadb/,
      server: /^mariadbd?(-safe)?$/,
      variable: /^MARIADB_(ROOT_PASSWORD|ROOT_PASSWORD_HASH|RANDOM_ROOT_PASSWORD|ALLOW_EMPTY_ROOT_PASSWORD)(_FILE)?$/,
      data: MYSQL_DATA,
      tool: 'mariadb-dump',
    },
  },
  judgeOptions: (args) => judgeMysqlOptions(args),
  tools: ['mariadb-dump', 'mysqldump', 'mariadb', 'mysql'],
  extractSecrets: (dumpArgs) => extractSecrets(dumpArgs, PASSWORD_SYNTAX),
  plan: planMysql,
  loadTools: ['mariadb', 'mysql'],
  planLoad: planMysqlLoad,
  planFiles: null,
  planCount: planMysqlCount,
  planAsk: planMysqlAsk,
  planPresence: planMysqlPresence,
  isOwnTable: isSystemTable,
  planScratch: planMysqlScratch,
} satisfies DatabaseEngine

const PASSWORD_OPTION = '--(?:loose[-_])?pa(?:s(?:s(?:w(?:o(?:rd?)?|d)?)?)?)?1?'

/** Knows how the tools take a password. */
const PASSWORD_SYNTAX = {
  alone: new RegExp(`^(-${LETTERS}p|${PASSWORD_OPTION})$`),
  attached: new RegExp(`^(?:MYSQL_PWD=|-${LETTERS}p|${PASSWORD_OPTION}(?:=|\\s+))(.+)$`, 's'),
  /** Matches the password of a second or third factor, and that of a key. */
  exposed: /^--(loose[-_])?(password[23]|ssl[-_]passphrase)(?=[=\s]|$)/,
  form: `["--user=NAME", "--password=\${DB_PASSWORD}"]`,
}

/**
 * Runs the dump tool. A password in an options file would win over that of dumpArgs, which comes by the environment. If there are both, all
 * options come in one file.
 */
const DUMP_SCRIPT = `${CHOOSE_ACCOUNT}
case "$files" in --password*|*"
--password"*) ;; *) given= ;; esac
if [ -z "$given" ]; then exec "$tool" "$@"; fi
shift "$first"
exec "$tool" --defaults-file=/dev/fd/3 "$@" 3<<END
[client]
$({ printf '%s\\n' "$files"; given_line; } | as_file)
END`

const RIGHTS_SQL =
  "SET SESSION sql_mode='', sql_quote_show_create=1; SHOW GRANTS; SELECT 'databases follow'; SHOW DATABASES"
const RIGHTS_OPTIONS = ['--batch', '--raw', '--skip-column-names', '--default-character-set=utf8mb4']

const OUTPUT_OPTION = new RegExp(`^(-${LETTERS}[rT]|--res|--tab)`)
const WITHOUT_END = /^--(compact|(skip|disable)[-_]comments|comments=(0|off|false))$/i

/** Plans the dump of a MySQL or MariaDB server, or of each of the named databases. */
function planMysql(question: DumpQuestion): DumpPlan {
  const isMariadb = question.kind === 'mariadb'
  const tools = isMariadb ? ['mariadb-dump', 'mysqldump'] : ['mysqldump', 'mariadb-dump']
  const tool = findTool(question.tools, tools, 'one')
  const { args } = question.given
  refuseArgs(question, tool)
  const first = args.filter((arg) => FIRST_OPTION.test(arg))
  const rest = args.filter((arg) => !FIRST_OPTION.test(arg))
  const reach = reachesItself(rest) ? [] : socketOf(question.command)
  const base = baseEnv(question, rest)
  const trusted = first.some((arg) => arg !== '--no-defaults') ? '1' : ''
  // utf8mb4: an older mysqldump would write every four-byte character as "?"
  const ours = ['--single-transaction', '--routines', '--events', '--triggers', '--default-character-set=utf8mb4']
  const call = (what: readonly string[]) => ({
    script: DUMP_SCRIPT,
    args: [tool, String(first.length), trusted],
    env: { ...base, ...argumentsInEnv([...first, ...reach, ...ours, ...rest, ...what]) },
  })
  const ask = (client: string, sql: string) => ({
    script: ASK_SCRIPT,
    args: [client, String(first.length), trusted],
    env: {
      ...base,
      ...argumentsInEnv([...first, ...reach, ...connectionArgs(rest), ...RIGHTS_OPTIONS, '-e', sql]),
    },
  })
  const clients = isMariadb ? ['mariadb', 'mysql'] : ['mysql', 'mariadb']
  const client = clients.find((one) => question.tools.has(one))
  return {
    tool,
    files:
      question.databases.length === 0
        ? [{ ...call(['--all-databases']), database: null, name: 'dump.sql' }]
        : question.databases.map((database) => ({
            ...call(['--databases', '--', database]),
            database,
            name: fileNameOf(database, '.sql'),
          })),
    notices: [],
    rights:
      client === undefined ? null : { ...ask(client, RIGHTS_SQL), judge: (stdout) => judgeAnswer(stdout, question) },
    facts: client === undefined ? null : { ...ask(client, FACTS_SQL), read: readFacts },
    isWarning: saysWarning,
    isContinuation: isIndented,
    check: () => checkByForm(() => textWithEnd(SQL_END, mysqlRows()), [XML]),
    hint: (words) => hintFor(words, question),
    secrets: [],
  }
}

function refuseArgs({ given }: DumpQuestion, tool: string): void {
  if (given.exposed !== null)
    throw new InstanceError(
      `dumpArgs has "${given.exposed}", a secret that ${tool} would show in the process list: put it into an options file in the container, and name that with --defaults-extra-file=FILE`,
    )
  const bad = given.args.find((arg) => OUTPUT_OPTION.test(arg) || WITHOUT_END.test(arg))
  if (bad === undefined) return
  throw new InstanceError(
    OUTPUT_OPTION.test(bad)
      ? `dumpArgs has "${bad}", which makes ${tool} write elsewhere than into the backup: leave it out`
      : `dumpArgs has "${bad}", which leaves out the comment that ends a whole dump: leave it out`,
  )
}

function judgeAnswer(stdout: string, { databases, given }: DumpQuestion) {
  const lines = stdout.split('\n').filter((line) => line !== '')
  const split = lines.indexOf('databases follow')
  if (split < 0)
    return {
      error: `the server was asked for the account's rights, and answered ${JSON.stringify(lines[0] ?? '')}`,
      warning: null,
    }
  return judgeGrants({
    grants: lines.slice(0, split),
    visible: lines.slice(split + 1),
    databases,
    triggers: isSwitchedOn('triggers', given.args),
    routines: isSwitchedOn('routines', given.args),
  })
}

/** The end mark of a dump in SQL, which is its last line. With `--skip-dump-date` it has no date. */
const SQL_END = {
  missing: 'its last line is not "-- Dump completed"',
  ends: (tail: string) => /^-- Dump completed( on .*)?$/.test(tail.trimEnd().split('\n').at(-1) ?? ''),
}

const XML: DumpForm = {
  begins: (head) => head.subarray(0, 5).toString('latin1') === '<?xml',
  check: () =>
    textWithEnd({
      missing: 'it does not end with "</mysqldump>"',
      ends: (tail) => tail.trimEnd().endsWith('</mysqldump>'),
    }),
}

/** An example of how to name an account, for messages. */
const LOGIN_ARGS = `dumpArgs: ["--user=NAME", "--password=\${DB_PASSWORD}"]`

/**
 * Says what to write in the configuration after the tool failed with these words; `null` if they suggest nothing. It looks for the server's
 * error numbers, because the words may be in another language.
 */
function hintFor(words: string, question: DumpQuestion): string | null {
  if (/\b(1045|1698)\b|\(using password: /.test(words)) return accountHint(question)
  const lacking = /at least one of\) the (.+?) privilege/.exec(words)?.[1]
  if (lacking === 'PROCESS') return 'grant the account PROCESS, or write dumpArgs: ["--no-tablespaces"]'
  if (lacking !== undefined) return `grant the account ${lacking}, or dump with an account that has it`
  if (/\b2061\b|requires secure connection/.test(words))
    return 'write dumpArgs: ["--get-server-public-key"], or connect by TLS'
  if (/\b2026\b|TLS\/SSL error|SSL connection error/.test(words))
    return 'the certificate does not suit: write dumpArgs: ["--ssl-ca=FILE"], or "--skip-ssl" where the way is within the container'
  if (/\b200[23]\b|Can't connect to/.test(words))
    return 'say where the server listens: dumpArgs: ["--socket=/path/of/its/socket"], or ["--host=127.0.0.1", "--port=3307"]'
  return null
}

function accountHint({ given, env }: DumpQuestion): string {
  if (given.password !== null) return 'look at the user and the password in dumpArgs'
  const has = (pattern: RegExp) => env.find((name) => pattern.test(name))
  const known = has(/^(MARIADB|MYSQL)_(ROOT_)?PASSWORD(_FILE)?$|^MYSQL_PWD$/)
  if (known !== undefined)
    return `the password in the container's environment (${known}) is not the server's: it sets only the first one, and a later change does not reach it. Write ${LOGIN_ARGS}`
  const unreadable = has(/^(MARIADB|MYSQL)_(ROOT_)?(PASSWORD_HASH|RANDOM_ROOT_PASSWORD|RANDOM_PASSWORD)(_FILE)?$/)
  const why = unreadable === undefined ? '' : ` (${unreadable} tells none)`
  return `the container's environment holds no password${why}. Write ${LOGIN_ARGS}`
}
