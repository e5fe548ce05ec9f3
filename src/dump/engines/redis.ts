/** Redis and Valkey: `redis-cli --rdb` to stdout, and how an RDB file ends. */
import { InstanceError } from '../../errors.ts'
import { rdbCheck } from '../formats/rdb.ts'
import { type DumpPlan, type DumpQuestion, saysWarning } from './contract.ts'
import { extractedNotice, extractPassword, extractUrlPassword } from './passwordArgs.ts'
import { argumentsInEnv, SECRET, TAKE_ARGUMENTS } from './script.ts'

/**
 * The password: what dumpArgs or the tool's own variable say, else the container's environment, else `requirepass` of the
 * server's command line or of the configuration file that it names.
 */
const DUMP = `${SECRET}
tool=$1 variable=$2 file=$3; shift 3
if [ -z "\${REDISCLI_AUTH-}" ]; then REDISCLI_AUTH=$(secret VALKEYCLI_AUTH REDIS_PASSWORD VALKEY_PASSWORD) || exit 1; fi
if [ -z "$REDISCLI_AUTH" ]; then REDISCLI_AUTH=\${MARINA_REQUIREPASS-}; fi
if [ -z "$REDISCLI_AUTH" ] && [ -n "$variable" ]; then REDISCLI_AUTH=$(secret "$variable") || exit 1; fi
if [ -z "$REDISCLI_AUTH" ] && [ -n "$file" ] && [ -r "$file" ]; then
  REDISCLI_AUTH=$(sed -n 's/^[[:space:]]*requirepass[[:space:]]\\{1,\\}"\\{0,1\\}\\([^"]*\\)"\\{0,1\\}[[:space:]]*$/\\1/p' "$file" | tail -n 1)
fi
unset MARINA_REQUIREPASS
if [ -n "$REDISCLI_AUTH" ]; then export REDISCLI_AUTH VALKEYCLI_AUTH="$REDISCLI_AUTH"; else unset REDISCLI_AUTH; fi
${TAKE_ARGUMENTS}
exec "$tool" "$@" --rdb -`

const PASSWORD = { names: ['-a', '--pass'], attached: /^(?:--pass=|-a=)(.+)$/s, takesOptions: true }
const ELSEWHERE = /^--(rdb|functions-rdb)$/

/** How to dump a Redis or Valkey server. */
export function redisPlan(question: DumpQuestion): DumpPlan {
  if (question.databases.length > 0) throw new InstanceError('a Redis server is dumped as a whole: leave databases out')
  const wanted = question.kind === 'valkey' ? ['valkey-cli', 'redis-cli'] : ['redis-cli', 'valkey-cli']
  const tool = wanted.find((one) => question.tools.has(one))
  if (tool === undefined)
    throw new InstanceError(`neither ${wanted.join(' nor ')} is found in the container: install one in its image`)
  const lifted = extractPassword(question.dumpArgs, PASSWORD)
  const url = liftUrl(lifted.args)
  const elsewhere = url.args.find((arg) => ELSEWHERE.test(arg))
  if (elsewhere !== undefined)
    throw new InstanceError(
      `dumpArgs has "${elsewhere}", which makes ${tool} write elsewhere than into the backup: leave it out (--rdb is ours)`,
    )
  const password = lifted.password ?? url.password
  const options = [...lifted.options, ...(url.password === null ? [] : ['-u'])]
  const server = serverOf(question.command)
  const reaches = url.args.some((arg) => /^(-p|-s|-u|-h)$/.test(arg))
  const port = server.port === null || reaches ? [] : ['-p', server.port]
  return {
    tool,
    files: [
      {
        database: null,
        name: 'dump.rdb',
        script: DUMP,
        args: [tool, server.variable ?? '', server.file ?? ''],
        env: {
          ...(password === null ? {} : { REDISCLI_AUTH: password }),
          ...(server.password === null ? {} : { MARINA_REQUIREPASS: server.password }),
          ...argumentsInEnv([...port, ...url.args]),
        },
      },
    ],
    notices: options.length === 0 ? [] : [extractedNotice(options, tool)],
    rights: null,
    isWarning: saysWarning,
    wholeness: rdbCheck,
  }
}

/** `-u redis://user:password@host`: the user becomes an option of its own, since a URL with a user alone means a password. */
function liftUrl(args: readonly string[]) {
  let password: string | null = null
  const kept = args.flatMap((arg) => {
    const lifted = /^(redis|rediss|valkey|valkeys):\/\//.test(arg) ? extractUrlPassword(arg, 'password') : null
    if (!lifted) return [arg]
    password = lifted.password
    const bare = lifted.url.replace(/^([a-z]+:\/\/)[^/@]*@/, '$1')
    return lifted.user === '' ? [bare] : [bare, '--user', lifted.user]
  })
  return { args: kept, password: password as string | null }
}

/** What the server's command line says of how to reach it. A `requirepass` that is a variable of the container is named, not read. */
function serverOf(command: readonly string[]) {
  // a shell line (`sh -c "redis-server --requirepass $REDIS_PASSWORD"`) is one word of the command
  const words = command.flatMap((word) => (/(redis|valkey)-server\s/.test(word) ? shellWords(word) : [word]))
  const at = words.findIndex((word) => /(^|\/)(redis|valkey)-server$/.test(word))
  const after = (option: string) => {
    const index = words.lastIndexOf(option)
    return index < 0 ? null : (words[index + 1] ?? null)
  }
  const requirepass = after('--requirepass')
  const variable = /^\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?$/.exec(requirepass ?? '')?.[1] ?? null
  const next = at < 0 ? undefined : words[at + 1]
  return {
    password: variable === null ? requirepass : null,
    variable,
    port: after('--port'),
    file: next !== undefined && /^[^-]/.test(next) ? next : null,
  }
}

function shellWords(line: string): string[] {
  return (line.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^(["'])(.*)\1$/s, '$2'))
}
