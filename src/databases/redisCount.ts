/** Knows how the keys of a Redis or Valkey server are counted. Pure. */
import type { CountPlan, CountQuestion, ServerRows } from './countContract.ts'
import { findTool } from './engineContract.ts'
import { LOG_IN, redisClients, redisLogin } from './redisLogin.ts'

const COUNT_SCRIPT = `${LOG_IN}
exec "$tool" "$@" INFO keyspace`

/** Plans the count of a server: all keys of each database that has any, those included whose time is over. */
export function planRedisCount(question: CountQuestion): CountPlan {
  const tool = findTool(question.tools, redisClients(question.kind), 'one')
  const { args, env } = redisLogin(question, tool)
  return { count: { script: COUNT_SCRIPT, args, env }, read: readKeyspace }
}

function readKeyspace(stdout: string): ServerRows {
  if (!/^# Keyspace/m.test(stdout)) throw new Error(stdout.trim().slice(0, 200))
  const found = stdout.matchAll(/^(db\d+):keys=(\d+)/gm)
  return { rows: Object.fromEntries([...found].map(([, name = '', keys]) => [name, Number(keys)])), exempt: [] }
}
