/** Knows how the rows of a MySQL or MariaDB server are counted. Pure. */
import type { CountPlan, CountQuestion } from './countContract.ts'
import { findTool } from './engineContract.ts'
import { mysqlCall, SYSTEM_DATABASES } from './mysqlLoad.ts'
import { CLIENT } from './mysqlLogin.ts'
import { partsOfTableName, tableName } from './rows/tally.ts'

const COUNT_SCRIPT = `${CLIENT}
list=$MARINA_LIST; unset MARINA_LIST
statements=$(printf '%s\\n' "$list" | client "$@") || exit 1
printf '%s\\n' "$statements" | client "$@"`

const hexOf = (column: string) => `HEX(CONVERT(${column} USING utf8mb4))`
const quoted = (column: string) => `'\`', REPLACE(${column}, '\`', '\`\`'), '\`'`

/** Selects a statement for each table that counts its rows. Names come as hex digits, which no `sql_mode` changes. */
function listSql(which: string): string {
  return `SELECT CONCAT('SELECT ''', ${hexOf('table_schema')}, ''', ''', ${hexOf('table_name')}, ''', COUNT(*) FROM ', ${quoted('table_schema')}, '.', ${quoted('table_name')}, ';')
FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND ${which};`
}

/** Plans the count of a whole server, without its own databases, or of one database. */
export function planMysqlCount(question: CountQuestion): CountPlan {
  const names = question.kind === 'mariadb' ? ['mariadb', 'mysql'] : ['mysql', 'mariadb']
  const tool = findTool(question.tools, names, 'one')
  const which =
    question.database === null
      ? `table_schema NOT IN (${SYSTEM_DATABASES.map((one) => `'${one}'`).join(', ')})`
      : `CAST(table_schema AS BINARY) = 0x${Buffer.from(question.database).toString('hex')}`
  return {
    count: mysqlCall(question, {
      tool,
      script: COUNT_SCRIPT,
      options: ['--batch', '--raw', '--skip-column-names', '--default-character-set=utf8mb4'],
      env: { MARINA_LIST: listSql(which) },
    }),
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

/** Tells whether a table is the server's own: a load changes some of them, such as those of the accounts. */
export function isSystemTable(table: string): boolean {
  const [database = ''] = partsOfTableName(table)
  return SYSTEM_DATABASES.some((one) => one === database)
}
