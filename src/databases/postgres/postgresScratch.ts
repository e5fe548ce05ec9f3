/** Knows how a scratch server of PostgreSQL is started. Pure. */

import type { ScratchPlan, ScratchQuestion } from '../scratchContract.ts'
import { argumentsInEnv } from '../script.ts'
import { LOG_IN } from './postgresLogin.ts'

/** Settings of the server: syncing is off, since nothing of it is kept. */
const FAST = ['fsync=off', 'full_page_writes=off', 'synchronous_commit=off', 'autovacuum=off']

/** Plans a server whose first account is `postgres`, and in which the source's roles are made. */
export function planPostgresScratch({ settings, roles, password }: ScratchQuestion): ScratchPlan {
  const initdb = [
    ...option('--encoding', settings.encoding ?? settings.server_encoding),
    ...option('--lc-collate', settings.collate ?? settings.lc_collate),
    ...option('--lc-ctype', settings.ctype ?? settings.lc_ctype),
  ]
  const missing = roles.filter((role) => role !== 'postgres' && !role.startsWith('pg_'))
  return {
    env: {
      POSTGRES_USER: 'postgres',
      POSTGRES_PASSWORD: password,
      ...(initdb.length === 0 ? {} : { POSTGRES_INITDB_ARGS: initdb.join(' ') }),
    },
    entrypoint: null,
    command: ['postgres', ...FAST.flatMap((setting) => ['-c', setting])],
    data: '/var/lib/postgresql/data',
    ready: {
      // the server that the start-up uses to set this one up answers on its socket alone
      script: `exec psql -X -q -w -h 127.0.0.1 -U postgres -d postgres -c 'SELECT 1' >/dev/null`,
      args: [],
      env: { PGPASSWORD: password },
    },
    setUp:
      missing.length === 0
        ? null
        : {
            script: `${LOG_IN}
sql=$MARINA_SQL; unset MARINA_SQL
printf '%s\\n' "$sql" | "$tool" --no-password -X -q -v ON_ERROR_STOP=1 "$@" -f -`,
            args: ['psql', '', ''],
            env: {
              ...argumentsInEnv(['--host=127.0.0.1', '--username=postgres', '--dbname=postgres']),
              PGPASSWORD: password,
              PGCLIENTENCODING: 'UTF8',
              MARINA_SQL: missing.map((role) => `CREATE ROLE "${role.replaceAll('"', '""')}";`).join('\n'),
            },
          },
    dumpArgs: ['--host=127.0.0.1', '--username=postgres', `--password=${password}`],
  }
}

/** Makes an option of initdb. The image's start-up splits its options at blanks, so a value with other characters is left out. */
function option(name: string, value: string | undefined): string[] {
  return value === undefined || !/^[\w.@-]+$/.test(value) ? [] : [`${name}=${value}`]
}
