/** Knows how a MySQL or MariaDB server is asked for its rows, or in somebody's own words. Pure. */
import type { AskQuestion, CountPlan, CountQuestion } from '../countContract.ts'
import { findTool } from '../engineContract.ts'
import type { LoadScript } from '../loadContract.ts'
import { partsOfTableName, tableName } from '../rows/tally.ts'
import { mysqlCall, SYSTEM_DATABASES } from './mysqlLoad.ts'
import { CLIENT } from './mysqlLogin.ts'

const COUNT_SCRIPT = `${CLIENT}
list=$MARINA_LIST; unset MARINA_LIST
statements=$(printf '%s\\n' "$list" | client "$@") || exit 1
printf '%s\\n' "$statements" | client "$@"`

const hexOf = (column: string) => `HEX(CONVERT(${column} USING utf8mb4))`
const quoted = (column: string) => `'\`', REPLACE(${column}, '\`', '\`\`'), '\`'`

/**
 * Selects a statement for each table that counts its rows. Names come as hex digits, which no `sql_mode` changes. Of a table of MariaDB that
 * keeps its past rows, those count too: a dump holds them or not.
 */
function listSql(which: string): string {
  return `SELECT CONCAT('SELECT ''', ${hexOf('table_schema')}, ''', ''', ${hexOf('table_name')}, ''', COUNT(*) FROM ', ${quoted('table_schema')}, '.', ${quoted('table_name')}, IF(table_type = 'SYSTEM VERSIONED', ' FOR SYSTEM_TIME ALL;', ';'))
FROM information_schema.tables WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND ${which};`
}

/** Plans the count of a whole server, without its own databases, or of one database. */
export function planMysqlCount(question: CountQuestion): CountPlan {
  const which =
    question.database === null
      ? `table_schema NOT IN (${SYSTEM_DATABASES.map((one) => `'${one}'`).join(', ')})`
      : `CAST(table_schema AS BINARY) = 0x${Buffer.from(question.database).toString('hex')}`
  return {
    count: call(question, COUNT_SCRIPT, { MARINA_LIST: listSql(which) }),
    read: (stdout) => ({
      rows: Object.fromEntries(
        stdout
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => {
            const [database = '', table = '', count] = line.split('\t')
            const text = (hex: string) => Buffer.from(hex, 'hex').toString()
            return [tableName([text(database), text(table)]), Number(count)]
          }),
      ),
      exempt: [],
    }),
  }
}

/** Asks what `MARINA_ASK` says. `$@` is the client's; the database comes last. */
const ASK_SCRIPT = `${CLIENT}
question=$MARINA_ASK database=$MARINA_ASK_DATABASE; unset MARINA_ASK MARINA_ASK_DATABASE
if [ -n "$database" ]; then set -- "$@" "--database=$database"; fi
printf '%s\\n' "$question" | client "$@"`

/** Makes the script that asks a question in SQL, in no database if none is named. */
export function planMysqlAsk({ ask, database, ...question }: AskQuestion): LoadScript {
  return call(question, ASK_SCRIPT, { MARINA_ASK: ask, MARINA_ASK_DATABASE: database ?? '' })
}

function call(
  question: Omit<CountQuestion, 'database'>,
  script: string,
  env: Readonly<Record<string, string>>,
): LoadScript {
  const names = question.kind === 'mariadb' ? ['mariadb', 'mysql'] : ['mysql', 'mariadb']
  const tool = findTool(question.tools, names, 'one')
  const options = ['--batch', '--raw', '--skip-column-names', '--default-character-set=utf8mb4']
  return mysqlCall(question, { tool, script, options, env })
}

/** Tells whether a table is the server's own: a load changes some of them, such as those of the accounts. */
export function isSystemTable(table: string): boolean {
  const [database = ''] = partsOfTableName(table)
  return SYSTEM_DATABASES.some((one) => one === database)
}
