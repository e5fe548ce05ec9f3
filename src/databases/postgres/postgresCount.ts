/** Knows how a PostgreSQL server is asked for its rows, or in somebody's own words. Pure. */
import type { AskQuestion, CountPlan, CountQuestion, ServerRows } from '../countContract.ts'
import { findTool } from '../engineContract.ts'
import type { LoadScript } from '../loadContract.ts'
import { tableName } from '../rows/tally.ts'
import { argumentsInEnv } from '../script.ts'
import { LOG_IN, loginArgs, serverOf, withDatabase } from './postgresLogin.ts'

/** Asks by the SQL of `MARINA_LIST`, whose answer is the script that counts. */
const COUNT_SCRIPT = `${LOG_IN}
export PGCLIENTENCODING=UTF8
list=$MARINA_LIST; unset MARINA_LIST
ask() { "$tool" --no-password -X -q -A -t -v ON_ERROR_STOP=1 "$@" -f -; }
lines=$(printf '%s\\n' "$list" | ask "$@") || exit 1
printf '%s\\n' "$lines" | ask "$@"`

/**
 * Counts the tables of the database that we are in: each its own rows, as a dump holds them, and the partitioned tables that it is a part
 * of. Temporary tables are left out, and those of an extension are marked.
 */
const COUNT_SQL = `SELECT format('SELECT json_build_array(%L, %L, %L, (SELECT count(*) FROM ONLY %I.%I), %L::bool, %L::json)', current_database(), n.nspname, c.relname, n.nspname, c.relname,
  EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e'),
  (WITH RECURSIVE above AS (
    SELECT inhparent FROM pg_catalog.pg_inherits WHERE inhrelid = c.oid
    UNION SELECT i.inhparent FROM pg_catalog.pg_inherits i JOIN above ON i.inhrelid = above.inhparent)
  SELECT coalesce(json_agg(json_build_array(pn.nspname, p.relname)), '[]') FROM above
  JOIN pg_catalog.pg_class p ON p.oid = above.inhparent AND p.relkind = 'p' JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace))
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast' ORDER BY 1
\\gexec`

/** Makes the lines that connect to each database and count its tables. */
const LIST_SQL = `SELECT format(E'\\\\connect -reuse-previous=on "dbname=''%s''"\\n%s', replace(replace(replace(datname, E'\\\\', E'\\\\\\\\'), '''', E'\\\\'''), '"', '""'), $marina$${COUNT_SQL}$marina$)
FROM pg_catalog.pg_database WHERE datallowconn AND datname <> 'template0' ORDER BY datname;`

/** Plans the count of a whole server, or of one database. */
export function planPostgresCount(question: CountQuestion): CountPlan {
  const isServer = question.database === null
  const list = isServer ? LIST_SQL : `SELECT $marina$${COUNT_SQL}$marina$;`
  return {
    count: call(question, COUNT_SCRIPT, { MARINA_LIST: list }),
    read: (stdout) => readCounts(stdout, isServer),
  }
}

/** Asks what `MARINA_ASK` says. */
const ASK_SCRIPT = `${LOG_IN}
export PGCLIENTENCODING=UTF8
question=$MARINA_ASK; unset MARINA_ASK
printf '%s\\n' "$question" | "$tool" --no-password -X -q -A -t -v ON_ERROR_STOP=1 "$@" -f -`

/** Makes the script that asks a question in SQL, in the database `postgres` if none is named. */
export function planPostgresAsk({ ask, ...question }: AskQuestion): LoadScript {
  return call(question, ASK_SCRIPT, { MARINA_ASK: ask })
}

function call(
  { tools, database, given, command }: CountQuestion,
  script: string,
  env: Readonly<Record<string, string>>,
): LoadScript {
  const tool = findTool(tools, ['psql'], 'the PostgreSQL client')
  const server = serverOf(command)
  return {
    script,
    args: [tool, server.port ?? '', server.folder ?? ''],
    env: {
      ...argumentsInEnv(withDatabase(loginArgs(given.args), database ?? 'postgres')),
      ...(given.password === null ? {} : { PGPASSWORD: given.password }),
      ...env,
    },
  }
}

function readCounts(stdout: string, isServer: boolean): ServerRows {
  const exempt: string[] = []
  const rows = new Map<string, number>()
  const partitioned = new Map<string, number>()
  for (const line of stdout.split('\n').filter((one) => one !== '')) {
    const [database, schema, table, count, isExtension, above] = JSON.parse(line)
    const nameOf = (parts: readonly string[]) => tableName(isServer ? [database, ...parts] : parts)
    rows.set(nameOf([schema, table]), Number(count))
    if (isExtension) exempt.push(nameOf([schema, table]))
    for (const parent of above) partitioned.set(nameOf(parent), (partitioned.get(nameOf(parent)) ?? 0) + Number(count))
  }
  return { rows: Object.fromEntries(rows), exempt, partitioned: Object.fromEntries(partitioned) }
}
