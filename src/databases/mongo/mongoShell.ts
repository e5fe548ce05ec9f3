/** Runs code in MongoDB's own shell: `mongosh`, or the older `mongo`. Pure. */
import { findTool } from '../engineContract.ts'
import type { LoadQuestion, LoadScript } from '../loadContract.ts'
import { LOG_IN, loginEnv, shellLogin } from './mongoLogin.ts'

/** The shells, in the order in which they are looked for. */
export const MONGO_SHELLS = ['mongosh', 'mongo'] as const

/** Runs the code of `MARINA_CODE`. The code is no secret; the account reaches it by the environment. */
const SHELL_SCRIPT = `${LOG_IN}
code=$MARINA_CODE; unset MARINA_CODE
export MARINA_USER="$user" MARINA_PASSWORD="$password" MARINA_AUTH MARINA_MECHANISM MARINA_DATABASE
HOME=\${HOME:-/tmp}; export HOME
exec "$tool" "$@" --quiet --norc --eval "$code" </dev/null`

/** Logs in, and puts the databases that the code is to work on into `names`. The older shell reads the environment by `_getEnv`. */
const BEGIN = `var env = function (name) { return typeof process === 'object' && process.env ? process.env[name] || '' : _getEnv(name); };
if (env('MARINA_USER')) {
  var account = {user: env('MARINA_USER'), pwd: env('MARINA_PASSWORD')};
  if (env('MARINA_MECHANISM')) account.mechanism = env('MARINA_MECHANISM');
  var answer = db.getSiblingDB(env('MARINA_AUTH')).auth(account);
  if (!answer) throw new Error('Authentication failed');
}
var named = env('MARINA_DATABASE');
var names = named ? [named] : db.adminCommand({listDatabases: 1, nameOnly: true}).databases.map(function (one) { return one.name; });
`

/** Plans a call of the shell that runs `code` for the databases `names`. Throws an `InstanceError` if the container has no shell of MongoDB. */
export function shellCall(
  question: Pick<LoadQuestion, 'tools' | 'given' | 'command' | 'database'>,
  code: string,
): LoadScript {
  const tool = findTool(question.tools, MONGO_SHELLS, 'mongosh')
  const { args, authenticationDatabase, mechanism } = shellLogin(question.given)
  return {
    script: SHELL_SCRIPT,
    args: [tool],
    env: {
      ...loginEnv(question, args),
      MARINA_CODE: BEGIN + code,
      MARINA_AUTH: authenticationDatabase,
      MARINA_MECHANISM: mechanism,
      MARINA_DATABASE: question.database ?? '',
    },
  }
}
