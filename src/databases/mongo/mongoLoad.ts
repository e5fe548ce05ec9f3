/**
 * Knows how an archive of MongoDB is loaded: by `mongorestore`. On a server with data its databases, or the one that the archive holds, are
 * dropped before, by its shell: `mongorestore` itself drops only collections that it brings. Pure.
 */
import { findTool } from '../engineContract.ts'
import { type LoadPlan, type LoadQuestion, refusePart, SERVER_GONE, unchanged } from '../loadContract.ts'
import { countsOne, type PresencePlan, type PresenceQuestion } from '../presenceContract.ts'
import { connectionArgs, LOG_IN, loginEnv, NAME_ROOT } from './mongoLogin.ts'
import { judgeMongoOptions } from './mongoOptions.ts'
import { shellCall } from './mongoShell.ts'

/** Drops the databases. Of `admin` the users' own collections go; `mongorestore --drop` replaces the accounts. */
const DROP_CODE = `names.forEach(function (name) {
  if (name === 'config' || name === 'local') return;
  var one = db.getSiblingDB(name);
  if (name !== 'admin') { one.dropDatabase(); return; }
  one.getCollectionInfos().forEach(function (info) { if (!/^system\\./.test(info.name)) one.getCollection(info.name).drop(); });
});
var left = db.adminCommand({listDatabases: 1, nameOnly: true}).databases.map(function (one) { return one.name; });
var kept = names.filter(function (name) { return left.indexOf(name) >= 0 && ['admin', 'config', 'local'].indexOf(name) < 0; });
if (kept.length > 0) throw new Error('could not be dropped: ' + kept.join(', '));`

/**
 * Loads the archive on stdin. The password comes by a here-document that the tool reads as its configuration, so it stands on no command
 * line. Most shells pass that through a pipe; a bash before 5.1 writes it into a temporary file, which it has removed before the tool
 * starts. A tool of MongoDB 4.2 and older cannot do that.
 */
const LOAD_SCRIPT = `${LOG_IN}${NAME_ROOT}
if [ -z "$password" ]; then exec "$tool" --archive "$@"; fi
if ! "$tool" --help 2>&1 </dev/null | grep -q -e --config; then
  echo "error: this mongorestore takes a password only where others can see it: update the MongoDB database tools in the image" >&2; exit 1
fi
quoted=$(printf '%s' "$password" | sed "s/'/''/g")
exec "$tool" --archive --config=/dev/fd/3 "$@" 3<<MARINA_END_OF_CONFIG
password: '$quoted'
MARINA_END_OF_CONFIG`

/** Plans the load of an archive of a whole server, or of one database. */
export function planMongoLoad(question: LoadQuestion): LoadPlan {
  const { given, purpose, tools, database } = question
  const tool = findTool(tools, ['mongorestore'], 'the MongoDB database tools')
  refusePart(question, judgeMongoOptions(given.args, database === null).leftOutBy)
  const has = (name: string) => given.args.some((arg) => arg === name || arg.startsWith(`${name}=`))
  const options = [
    '--stopOnError',
    '--bypassDocumentValidation',
    ...(purpose === 'replace' ? ['--drop'] : []),
    ...(has('--oplog') ? ['--oplogReplay'] : []),
    ...(has('--dumpDbUsersAndRoles') && database !== null ? ['--restoreDbUsersAndRoles', `--db=${database}`] : []),
  ]
  return {
    tool,
    prepare: purpose === 'replace' ? shellCall(question, DROP_CODE) : null,
    load: { script: LOAD_SCRIPT, args: [tool], env: loginEnv(question, [...connectionArgs(given.args), ...options]) },
    filter: unchanged,
    finish: null,
    cleanUp: null,
    isError: (line) =>
      /\t(Failed|error|don't know|cannot|could not)|^(error|\w*Error)\b|MongoServerError|failed/i.test(line),
    hint: (words) => hintForLoad(words, question),
    lack: lackOf,
    secrets: [],
  }
}

/** Plans how a database is looked for, and how it is dropped. */
export function planMongoPresence(question: PresenceQuestion): PresencePlan {
  const look = `print('marina ' + db.adminCommand({listDatabases: 1, nameOnly: true}).databases.filter(function (one) { return one.name === named; }).length);`
  return { look: shellCall(question, look), isThere: countsOne, drop: shellCall(question, DROP_CODE) }
}

/** Patterns of an error's words, each with what the server lacks or suffered. */
const LACKS: readonly (readonly [RegExp, string])[] = [
  [/\((OutOfDiskSpace|FileStreamFailed)\)|No space left on device/i, "the server's disk is full"],
  [/\(ExceededMemoryLimit\)|cannot allocate memory|out of memory/i, 'the server ran out of memory'],
  [
    /connection refused|no reachable servers|server selection (error|timeout)|\((InterruptedAtShutdown|ShutdownInProgress|HostUnreachable|SocketException)\)|socket was unexpectedly closed|connection\(.*\).*(EOF|reset|closed|broken pipe)|ECONNREFUSED|MongoNetworkError/i,
    SERVER_GONE,
  ],
  [
    /\((AuthenticationFailed|UserNotFound)\)|auth(entication)? (error|failed)|requires authentication/i,
    'the server does not accept the account that loads',
  ],
  [/\(Unauthorized\)|not authorized/i, 'the account that loads lacks a role: restore or dbAdminAnyDatabase'],
  [/\((NotWritablePrimary|NotMaster\w*|PrimarySteppedDown)\)|not (master|primary)\b/i, 'the server is no primary'],
  [
    /unknown (flag|option)|error parsing command line options/i,
    "the programs in the server's image are older than those that made the dump",
  ],
  [/not a registered storage engine/i, 'the storage engine is not in the image of the server'],
  [
    /\((IDLUnknownField|InvalidOptions|InvalidIndexSpecificationOption|CommandNotFound|InvalidViewDefinition)\)|is an unknown field|unknown top level operator|no such (command|cmd)|Index version .* not supported/i,
    'the server does not know an option that the dump needs: its image is older than the dump, or of another kind',
  ],
]

/** Says what the server lacks, or that it went down; `null` if the words do not tell that. */
function lackOf(words: string): string | null {
  for (const line of words.split('\n')) {
    // documents of the dump may stand behind a brace, and the key of one behind its error
    const said = line.replace(/\{.*/s, '')
    if (/E11000|duplicate key/i.test(said)) continue
    for (const [pattern, sentence] of LACKS) if (pattern.test(said)) return sentence
  }
  return null
}

/** An example of how to name an account, for messages. */
const LOGIN_ARGS = `dumpArgs: ["--username=NAME", "--password=\${DB_PASSWORD}", "--authenticationDatabase=admin"]`

/** Says what to do after the load failed with these words; `null` if they suggest nothing. */
function hintForLoad(words: string, { given }: LoadQuestion): string | null {
  if (/not authorized|Unauthorized/i.test(words))
    return `name an account with the roles "restore" and "dbAdminAnyDatabase" (root has them): ${LOGIN_ARGS}`
  if (/auth(entication)? (error|failed)|AuthenticationFailed|requires authentication/i.test(words))
    return given.password === null
      ? `write the account that loads: ${LOGIN_ARGS}`
      : 'look at the user, the password and --authenticationDatabase in dumpArgs'
  if (/not (master|primary)|NotWritablePrimary/i.test(words))
    return 'the server is a secondary of its replica set: name the set, dumpArgs: ["--host=NAME/HOST1,HOST2"]'
  if (/connection refused|no reachable servers|server selection|ECONNREFUSED/i.test(words))
    return 'say where the server listens: dumpArgs: ["--port=27018"], or with TLS ["--ssl", "--sslCAFile=FILE"]'
  return null
}
