/** MySQL and MariaDB: `mysqldump` or `mariadb-dump`, whichever the container has, and how their output ends. */
import { InstanceError } from '../../errors.ts'
import { keepTail, type TextEnd, textCheck } from '../formats/text.ts'
import { type DumpPlan, type DumpQuestion, fileNameOf, type RightsQuestion, saysWarning } from './contract.ts'
import { judgeGrants } from './mysqlGrants.ts'
import { extractedNotice, extractPassword } from './passwordArgs.ts'
import { argumentsInEnv, SECRET, TAKE_ARGUMENTS } from './script.ts'

/**
 * The account: the one that dumpArgs name (`MARINA_ACCOUNT`), `-` where an options file names it, else root with the
 * password that the container's environment has, else the user that the image made. Without any password root is tried:
 * the server may trust its own socket.
 */
const ACCOUNT = `${SECRET}
named=$MARINA_ACCOUNT user=$MARINA_ACCOUNT; unset MARINA_ACCOUNT
root=$(secret MARIADB_ROOT_USER MYSQL_ROOT_USER) || exit 1; root=\${root:-root}
root_password=$(secret MARIADB_ROOT_PASSWORD MYSQL_ROOT_PASSWORD) || exit 1
own=$(secret MARIADB_USER MYSQL_USER) || exit 1
own_password=$(secret MARIADB_PASSWORD MYSQL_PASSWORD) || exit 1
if [ -z "$user" ]; then
  user=$root
  if [ -z "\${MYSQL_PWD-}$root_password\${MARIADB_ALLOW_EMPTY_ROOT_PASSWORD-}\${MYSQL_ALLOW_EMPTY_PASSWORD-}" ] && [ -n "$own_password" ]; then user=$own; fi
fi
if [ -z "\${MYSQL_PWD-}" ]; then
  if [ "$user" = "$root" ]; then MYSQL_PWD=$root_password
  elif [ "$user" = "$own" ]; then MYSQL_PWD=$own_password
  fi
  if [ -n "\${MYSQL_PWD-}" ]; then export MYSQL_PWD; else unset MYSQL_PWD; fi
fi
tool=$1; shift
${TAKE_ARGUMENTS}
if [ -z "$named" ]; then set -- "--user=$user" "$@"; fi`

const DUMP = `${ACCOUNT}
exec "$tool" "$@"`

/** What the account may do, what there is, and under which name the server knows it. */
const RIGHTS = `${ACCOUNT}
exec "$tool" "$@" --batch --raw --skip-column-names -e 'SHOW GRANTS; SELECT "--"; SHOW DATABASES'`

/** Options that must come first on the command line, and that can name the account themselves. */
const FIRST = /^--(defaults-file|defaults-extra-file|defaults-group-suffix|login-path|no-defaults)(=|$)/
/** `-AvpX`: letters of options without a value may stand before it. */
const PASSWORD = {
  names: ['-p', '--password'],
  attached: /^(?:-[ABCEFIKQRTVXYacefiklnqtvxy]*p|--(?:loose[-_])?pass(?:w(?:o(?:rd?)?)?)?1?=)(.+)$/s,
}
const ELSEWHERE = /^(-[ABCEFIKQRVXYacefiklnqtvxy]*[rT]|--res|--tab)/
const WITHOUT_END = /^--(compact|(skip|disable)[-_]comments|comments=(0|off|false))$/i
/** The options of dumpArgs that say how to connect, for the question before the dump. */
const CONNECTION =
  /^(--(host|port|socket|protocol|user|ssl[a-z-]*|skip-ssl|tls-[a-z-]+|plugin-dir|default-auth)(=|$)|-[hPSu])/
const CONNECTION_IN_TWO = /^(-[hPSu]|--(host|port|socket|protocol|user))$/

/** How to dump a MySQL or MariaDB server, or each of the named databases. */
export function mysqlPlan(question: DumpQuestion): DumpPlan {
  const tool = pick(question, ['mysqldump', 'mariadb-dump'])
  const { args, password, options } = extractPassword(question.dumpArgs, PASSWORD)
  const bad = args.find((arg) => ELSEWHERE.test(arg) || WITHOUT_END.test(arg))
  if (bad !== undefined)
    throw new InstanceError(
      ELSEWHERE.test(bad)
        ? `dumpArgs has "${bad}", which makes ${tool} write elsewhere than into the backup: leave it out`
        : `dumpArgs has "${bad}", which leaves out the comment that ends a whole dump: leave it out`,
    )
  const first = args.filter((arg) => FIRST.test(arg))
  const rest = args.filter((arg) => !FIRST.test(arg))
  const base = {
    MARINA_ACCOUNT: accountOf(rest) ?? (first.length > 0 && !first.includes('--no-defaults') ? '-' : ''),
    ...(password === null ? {} : { MYSQL_PWD: password }),
  }
  // utf8mb4: an older mysqldump would write every four-byte character as "?"
  const ours = ['--single-transaction', '--routines', '--events', '--triggers', '--default-character-set=utf8mb4']
  const call = (what: readonly string[]) => ({
    script: DUMP,
    args: [tool],
    env: { ...base, ...argumentsInEnv([...first, ...ours, ...rest, ...what]) },
  })
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
    notices: options.length === 0 ? [] : [extractedNotice(options, tool)],
    rights: rightsQuestion(question, base, [...first, ...connectionArgs(rest)]),
    isWarning: saysWarning,
    wholeness: () => textCheck(END),
  }
}

/** The tool of the kind where it is there, else the other one. */
function pick(question: DumpQuestion, [mysql, mariadb]: readonly [string, string]): string {
  const wanted = question.kind === 'mariadb' ? [mariadb, mysql] : [mysql, mariadb]
  const found = wanted.find((tool) => question.tools.has(tool))
  if (found !== undefined) return found
  throw new InstanceError(`neither ${wanted.join(' nor ')} is found in the container: install one in its image`)
}

/** The user that dumpArgs name, or `null`. */
function accountOf(args: readonly string[]): string | null {
  let account: string | null = null
  args.forEach((arg, i) => {
    const attached = /^(?:-u|--user=)(.+)$/s.exec(arg)?.[1]
    if (attached !== undefined) account = attached
    else if (arg === '-u' || arg === '--user') account = args[i + 1] ?? account
  })
  return account
}

function connectionArgs(args: readonly string[]): string[] {
  return args.filter((arg, i) => CONNECTION.test(arg) || CONNECTION_IN_TWO.test(args[i - 1] ?? ''))
}

function rightsQuestion(
  question: DumpQuestion,
  base: Readonly<Record<string, string>>,
  connection: readonly string[],
): RightsQuestion | null {
  const clients = question.kind === 'mariadb' ? ['mariadb', 'mysql'] : ['mysql', 'mariadb']
  const client = clients.find((tool) => question.tools.has(tool))
  if (client === undefined) return null
  return {
    script: RIGHTS,
    args: [client],
    env: { ...base, ...argumentsInEnv(connection) },
    judge: (stdout) => {
      const lines = stdout.split('\n').filter((line) => line !== '')
      const split = lines.indexOf('--')
      return judgeGrants({
        grants: lines.slice(0, split),
        visible: lines.slice(split + 1),
        databases: question.databases,
        triggers: !question.dumpArgs.includes('--skip-triggers'),
        routines: !question.dumpArgs.includes('--skip-routines'),
      })
    },
  }
}

/** `--skip-dump-date` leaves the date out; `--xml` writes another form. */
const END: TextEnd = {
  marker: '-- Dump completed',
  ends: (tail) => /^-- Dump completed( on .*)?$/.test(tail.trimEnd().split('\n').at(-1) ?? ''),
  forms: [{ begins: (head) => head.subarray(0, 5).toString('latin1') === '<?xml', check: xmlEnd }],
}

function xmlEnd() {
  const tail = keepTail(64)
  return {
    pass(chunk: Buffer) {
      tail.add(chunk)
      return chunk
    },
    async end() {
      const whole = tail.bytes().toString('latin1').trimEnd().endsWith('</mysqldump>')
      return { rest: Buffer.alloc(0), missing: whole ? null : 'it does not end with "</mysqldump>"' }
    },
  }
}
