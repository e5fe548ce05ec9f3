/** Knows how a scratch server of MySQL or MariaDB is started. Pure. */

import type { ScratchPlan, ScratchQuestion } from '../scratchContract.ts'
import { CLIENT } from './mysqlLogin.ts'

/** Settings of the source's server that change what a dump means. */
const KEPT = ['lower_case_table_names', 'sql_mode', 'character_set_server', 'collation_server', 'innodb_page_size']

/** The account that we ask by. A load makes it anew, since the dump of a whole server replaces all accounts. */
const ACCOUNT = 'marina_scratch'

/** Plans a server without a binary log and without syncing. */
export function planMysqlScratch({ kind, settings, password }: ScratchQuestion): ScratchPlan {
  const isMariadb = kind === 'mariadb'
  const client = isMariadb ? 'mariadb' : 'mysql'
  const kept = KEPT.flatMap((name) =>
    settings[name] === undefined ? [] : [`--${name.replaceAll('_', '-')}=${settings[name]}`],
  )
  const make = [
    `CREATE USER '${ACCOUNT}'@'localhost' IDENTIFIED BY '${password}'`,
    `GRANT ALL PRIVILEGES ON *.* TO '${ACCOUNT}'@'localhost' WITH GRANT OPTION`,
  ]
  return {
    env: isMariadb ? { MARIADB_ROOT_PASSWORD: password } : { MYSQL_ROOT_PASSWORD: password },
    entrypoint: null,
    command: [
      isMariadb ? 'mariadbd' : 'mysqld',
      '--innodb-flush-log-at-trx-commit=0',
      '--innodb-doublewrite=0',
      '--skip-log-bin',
      '--event-scheduler=OFF',
      '--max-allowed-packet=1G',
      ...kept,
    ],
    data: '/var/lib/mysql',
    ready: {
      // the server that the start-up uses to set this one up answers on its socket alone; the word of a refused login is an answer, too
      script: `said=$(${client} --no-defaults --protocol=tcp -h 127.0.0.1 -uroot -e 'SELECT 1' 2>&1) && exit 0
case $said in *"ERROR 1045"*|*"ERROR 1130"*|*"ERROR 1698"*|*"ERROR 2026"*|*"ERROR 2061"*) exit 0 ;; esac
printf '%s\\n' "$said" >&2; exit 1`,
      args: [],
      env: { MYSQL_PWD: password },
    },
    setUp: {
      script: `${CLIENT}
sql=$MARINA_SQL; unset MARINA_SQL
printf '%s\\n' "$sql" | client "$@"`,
      args: [client, '0', ''],
      env: { MARINA_ACCOUNT: 'root', MARINA_PASSWORD: password, MARINA_ARGC: '0', MARINA_SQL: `${make.join('; ')};` },
    },
    dumpArgs: [`--user=${ACCOUNT}`, `--password=${password}`],
  }
}
