/**
 * Knows Redis and Valkey: the signs of their containers, the secrets in their arguments, the dump by `redis-cli --rdb -`, and hints after a
 * failure.
 */
import { InstanceError } from '../../errors.ts'
import {
  type DatabaseEngine,
  type DumpPlan,
  type DumpQuestion,
  findTool,
  isIndented,
  saysWarning,
} from '../engineContract.ts'
import { rdbFile } from '../formats/rdb.ts'
import { extractSecrets, hideUrlPassword, type SecretCollector, splitUrlPassword } from '../secretArgs.ts'
import { planRedisAsk, planRedisCount } from './redisCount.ts'
import { planRedisFiles } from './redisFiles.ts'
import { planRedisLoad } from './redisLoad.ts'
import { LOG_IN, redisClients, redisLogin } from './redisLogin.ts'
import { planRedisScratch } from './redisScratch.ts'

const DATA = /^\/data$|^\/var\/lib\/(redis|valkey)$|^\/bitnami\/(redis|valkey)(\/data)?$/

export const redis = {
  kinds: {
    redis: { image: /redis/, server: /^redis-server$/, variable: null, data: DATA, tool: 'redis-cli' },
    valkey: { image: /valkey/, server: /^valkey-server$/, variable: null, data: DATA, tool: 'valkey-cli' },
  },
  // a dump is always one of the whole server
  judgeOptions: (args) => ({ kept: args, leftOutBy: null }),
  tools: ['valkey-cli', 'redis-cli'],
  extractSecrets: (dumpArgs) => extractSecrets(dumpArgs, PASSWORD_SYNTAX, takeFromUrl),
  plan: planRedis,
  loadTools: ['valkey-cli', 'redis-cli'],
  planLoad: planRedisLoad,
  planFiles: planRedisFiles,
  planCount: planRedisCount,
  planAsk: planRedisAsk,
  planPresence: null,
  isOwnTable: () => false,
  planScratch: planRedisScratch,
} satisfies DatabaseEngine

const PASSWORD_SYNTAX = {
  alone: /^(-a|--pass(?:word|wd)?)$/,
  attached: /^(?:(?:REDISCLI|VALKEYCLI)_AUTH=|--pass(?:word|wd)?(?:=|\s+)|-a(?:=|\s+)?)(.+)$/s,
  takesOptions: true,
  asks: /^--askpass$/,
  word: /^auth$/i,
  form: `["--user", "NAME", "--pass", "\${REDIS_PASSWORD}"]`,
}

/**
 * Takes the secrets out of `redis://user:password@host`. The user becomes an option of its own, because in a URL a name alone counts as a
 * password. Any other argument is kept.
 */
function takeFromUrl(arg: string, collect: SecretCollector): void {
  const split = /^(redis|rediss|valkey|valkeys):\/\//.test(arg) ? splitUrlPassword(arg, 'password') : null
  if (split === null) {
    hideUrlPassword(arg, collect)
    collect.keep(arg)
    return
  }
  collect.take('the connection URL', split.password, split.raw)
  collect.keep(split.url.replace(/^([a-z]+:\/\/)[^/@]*@/, '$1'))
  if (split.user === '') return
  collect.keep('--user')
  collect.keep(split.user)
}

const DUMP_SCRIPT = `${LOG_IN}
exec "$tool" "$@" --rdb -`

const OUTPUT_OPTION = /^--(rdb|functions-rdb)$/

/** Plans the dump of a Redis or Valkey server. */
function planRedis(question: DumpQuestion): DumpPlan {
  const { given, tools, kind } = question
  if (question.databases.length > 0) throw new InstanceError('a Redis server is dumped as a whole: leave databases out')
  const tool = findTool(tools, redisClients(kind), 'one')
  const output = given.args.find((arg) => OUTPUT_OPTION.test(arg))
  if (output !== undefined)
    throw new InstanceError(
      `dumpArgs has "${output}", which makes ${tool} write elsewhere than into the backup: leave it out (--rdb is ours)`,
    )
  const { args, env, literal } = redisLogin(question, tool)
  return {
    tool,
    files: [
      {
        database: null,
        name: 'dump.rdb',
        script: DUMP_SCRIPT,
        args,
        env,
      },
    ],
    notices: [],
    rights: null,
    facts: null,
    isWarning: saysWarning,
    isContinuation: isIndented,
    check: rdbFile,
    hint: (words) => hintFor(words, given.password !== null),
    secrets: literal === null ? [] : [literal],
  }
}

/** An example of how to name an account, for messages. */
const LOGIN_ARGS = `dumpArgs: ["--user", "NAME", "--pass", "\${REDIS_PASSWORD}"] (without --user: the default user)`

/** Says what to write in the configuration after the tool failed with these words; `null` if they suggest nothing. */
function hintFor(words: string, hasPassword: boolean): string | null {
  if (/NOAUTH|WRONGPASS|AUTH failed|invalid password|invalid username/i.test(words))
    return hasPassword
      ? 'look at the user and the password in dumpArgs'
      : `no password that the container's environment, the server's command line or its configuration file tell is right. Write ${LOGIN_ARGS}`
  if (/NOPERM|no permissions/i.test(words))
    return 'the user may not replicate: give it the rights +sync +psync +replconf +ping'
  if (/could not connect|connection refused|connection reset|no such file|server closed the connection/i.test(words))
    return 'say where the server listens: dumpArgs: ["-p", "6380"], or ["-s", "/path/of/its/socket"], or ["-p", "6379", "--tls", "--cacert", "FILE"]'
  return null
}
