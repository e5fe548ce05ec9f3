/** Knows how a Redis or Valkey server is asked for its keys, or in somebody's own words. Pure. */
import type { AskQuestion, CountPlan, CountQuestion, ServerRows } from '../countContract.ts'
import { findTool } from '../engineContract.ts'
import type { LoadScript } from '../loadContract.ts'
import { LOG_IN, redisClients, redisLogin } from './redisLogin.ts'

const COUNT_SCRIPT = `${LOG_IN}
exec "$tool" "$@" INFO keyspace`

/** Plans the count of a server: all keys of each database that has any, those included whose time is over. */
export function planRedisCount(question: CountQuestion): CountPlan {
  const tool = findTool(question.tools, redisClients(question.kind), 'one')
  const { args, env } = redisLogin(question, tool)
  return { count: { script: COUNT_SCRIPT, args, env }, read: readKeyspace }
}

/** Asks by the commands of `MARINA_ASK`, a line each. The client says 0 whatever the server answers, so an error is told by its first word. */
const ASK_SCRIPT = `${LOG_IN}
if [ -n "$MARINA_ASK_DATABASE" ]; then set -- "$@" -n "$MARINA_ASK_DATABASE"; fi
answer=$(printf '%s\\n' "$MARINA_ASK" | "$tool" "$@" 2>&1) || { printf '%s\\n' "$answer" >&2; exit 1; }
case $answer in ERR\\ *|WRONGTYPE\\ *|NOAUTH\\ *|NOPERM\\ *) printf '%s\\n' "$answer" >&2; exit 1 ;; esac
printf '%s\\n' "$answer"`

/** Makes the script that asks by commands of the client, such as `LLEN jobs`, in the database with the number that is named. */
export function planRedisAsk({ ask, database, ...question }: AskQuestion): LoadScript {
  const tool = findTool(question.tools, redisClients(question.kind), 'one')
  const { args, env } = redisLogin(question, tool)
  return { script: ASK_SCRIPT, args, env: { ...env, MARINA_ASK: ask, MARINA_ASK_DATABASE: database ?? '' } }
}

function readKeyspace(stdout: string): ServerRows {
  if (!/^# Keyspace/m.test(stdout)) throw new Error(stdout.trim().slice(0, 200))
  const found = stdout.matchAll(/^(db\d+):keys=(\d+)/gm)
  return { rows: Object.fromEntries([...found].map(([, name = '', keys]) => [name, Number(keys)])), exempt: [] }
}
