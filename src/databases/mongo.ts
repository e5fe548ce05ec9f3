/** Knows MongoDB: the signs of its containers, the secrets in its arguments, its dump by `mongodump --archive`, and hints after a failure. */
import { InstanceError } from '../errors.ts'
import {
  type DatabaseEngine,
  type DumpPlan,
  type DumpQuestion,
  fileNameOf,
  findTool,
  isIndented,
  saysWarning,
} from './engineContract.ts'
import { mongoArchive } from './formats/mongoArchive.ts'
import { checkByForm } from './formats/text.ts'
import { argumentsInEnv, optionValue, PRELUDE, serverArgs, TAKE_ARGUMENTS } from './script.ts'
import { decodePercent, extractSecrets, hideUrlPassword, type SecretCollector, splitUrlPassword } from './secretArgs.ts'

export const mongo = {
  kinds: {
    mongo: {
      image: /mongo|ferretdb/,
      server: /^mongod$/,
      variable: /^(MONGO_INITDB_ROOT_USERNAME|MONGO_INITDB_ROOT_PASSWORD|MONGODB_ROOT_PASSWORD)(_FILE)?$/,
      data: /^\/data\/db$|^\/var\/lib\/mongo(db)?$|^\/bitnami\/mongodb(\/data(\/db)?)?$/,
      tool: 'mongodump',
    },
  },
  tools: ['mongodump'],
  extractSecrets: (dumpArgs) => extractSecrets(dumpArgs, PASSWORD_SYNTAX, takeFromUri),
  plan: planMongo,
  loadTools: ['mongorestore', 'mongosh', 'mongo'],
  planLoad: notYet,
  planCount: notYet,
  isOwnTable: () => false,
  planScratch: notYet,
} satisfies DatabaseEngine

function notYet(): never {
  throw new InstanceError('dumps of this engine are not loaded yet: load it by hand, as docs/restore.md says')
}

const PASSWORD_SYNTAX = {
  alone: /^(-v*p|--pass(?:word|wd)?)$/,
  attached: /^(?:-v*p=?|--pass(?:word|wd)?(?:=|\s+))(.+)$/s,
  exposed: /^--(sslPEMKeyPassword|tlsCertificateKeyFilePassword|awsSessionToken|awsSecretAccessKey)(?=[=\s]|$)/,
  form: `["--username=NAME", "--password=\${DB_PASSWORD}"]`,
}

/** Matches options of a connection URI that hold secrets and that the tool accepts only there. */
const SECRET_OPTION = /^(tlsCertificateKeyFilePassword|sslClientCertificateKeyPassword|proxyPassword)$/i
const SESSION_TOKEN = /AWS_SESSION_TOKEN(?::|%3A)([^,]*)/i

/**
 * Takes the password out of `--uri=…`, `--uri …` or a URI as an argument of its own, and notes its user. Names other secrets in it as
 * exposed. Any other argument is kept.
 */
function takeFromUri(arg: string, collect: SecretCollector): void {
  const [, option = '', uri] = /^(--uri(?:=|\s+))?(mongodb(?:\+srv)?:\/\/.*)$/s.exec(arg) ?? []
  if (uri === undefined) {
    collect.keep(arg)
    return
  }
  hideOptions(uri, collect)
  const split = splitUrlPassword(uri)
  if (split === null) {
    hideUrlPassword(uri, collect)
    const user = /^mongodb(?:\+srv)?:\/\/([^@/?]+)@/.exec(uri)?.[1]
    if (user !== undefined) collect.nameUser(user)
    collect.keep(arg)
    return
  }
  collect.take('the connection URI', split.password, split.raw)
  collect.nameUser(split.user)
  collect.keep(option + split.url)
}

function hideOptions(uri: string, collect: SecretCollector): void {
  for (const pair of (uri.split('?')[1] ?? '').split('&')) {
    const [name = '', raw = ''] = pair.split(/=(.*)/s)
    const secret = SECRET_OPTION.test(name) ? raw : SESSION_TOKEN.exec(raw)?.[1]
    if (secret === undefined) continue
    collect.hide(secret, decodePercent(secret))
    collect.expose(`${SECRET_OPTION.test(name) ? name : 'AWS_SESSION_TOKEN'} in the connection URI`)
  }
}

/**
 * Dumps with `$1`, the tool. The password goes to its stdin, where every version asks for one if there is a user and no password.
 * `MARINA_ACCOUNT` and `MARINA_PASSWORD` are the user and the password of dumpArgs. Without a user the root account is taken, if the
 * container's environment has a password for it. That password also serves if dumpArgs name the root account without one.
 */
const DUMP_SCRIPT = `${PRELUDE}
user=$MARINA_ACCOUNT; unset MARINA_ACCOUNT
password=\${MARINA_PASSWORD-}; unset MARINA_PASSWORD
tool=$1; shift
${TAKE_ARGUMENTS}
root=$(secret MONGO_INITDB_ROOT_USERNAME MONGODB_ROOT_USER MONGODB_ROOT_USERNAME) || exit 1
root_password=$(secret MONGO_INITDB_ROOT_PASSWORD MONGODB_ROOT_PASSWORD) || exit 1
if [ -z "$user" ] && [ -n "$root_password" ]; then
  user=\${root:-root}
  set -- "--username=$user" --authenticationDatabase=admin "$@"
fi
if [ -z "$password" ] && [ "$user" = "\${root:-root}" ]; then password=$root_password; fi
if [ -z "$password" ]; then exec "$tool" --archive "$@"; fi
printf '%s\\n' "$password" | "$tool" --archive "$@"`

const OUTPUT_OPTION = /^(-o|--out|--archive)/
/** Matches arguments of dumpArgs that say how to reach the server. */
const REACH_OPTION = /^(-h|--host|--port|--uri|mongodb(\+srv)?:\/\/)/

/** Plans the dump of a MongoDB server, or of each of the named databases. */
function planMongo(question: DumpQuestion): DumpPlan {
  const { given, databases } = question
  const tool = findTool(question.tools, ['mongodump'], 'the MongoDB database tools')
  refuseArgs(question, tool)
  const account = given.user ?? optionValue(given.args, '-u', '--username') ?? ''
  const reach = given.args.some((arg) => REACH_OPTION.test(arg)) ? [] : portOf(question.command)
  const call = (what: readonly string[]) => ({
    script: DUMP_SCRIPT,
    args: [tool],
    env: {
      MARINA_ACCOUNT: account,
      ...(given.password === null ? {} : { MARINA_PASSWORD: given.password }),
      ...argumentsInEnv([...reach, ...given.args, ...what]),
    },
  })
  return {
    tool,
    files:
      databases.length === 0
        ? [{ ...call([]), database: null, name: 'dump.archive' }]
        : databases.map((database) => ({
            ...call([`--db=${database}`]),
            database,
            name: fileNameOf(database, '.archive'),
          })),
    notices: hiddenDatabasesNotice(question, account),
    rights: null,
    facts: null,
    isWarning: (line) =>
      !/\t(writing|done dumping|reading password|dumping up to) |\t\[[#.]+\]|^Enter password/.test(line) &&
      saysWarning(line),
    isContinuation: isIndented,
    // --gzip compresses the whole archive
    check: () => checkByForm(mongoArchive),
    hint: (words) => hintFor(words, question),
    secrets: [],
  }
}

function refuseArgs({ given }: DumpQuestion, tool: string): void {
  if (given.exposed !== null)
    throw new InstanceError(
      `dumpArgs has "${given.exposed}", a secret that ${tool} would show in the process list: put it into a --config file in the container`,
    )
  const output = given.args.find((arg) => OUTPUT_OPTION.test(arg))
  if (output !== undefined)
    throw new InstanceError(
      `dumpArgs has "${output}", which makes ${tool} write elsewhere than into the backup: leave it out (--archive is ours)`,
    )
}

/** Returns the port option if the server's command line sets a port; else empty. */
function portOf(command: readonly string[]): string[] {
  const port = optionValue(serverArgs(command, /^mongod$/), '--port')
  return port === null ? [] : [`--port=${port}`]
}

/**
 * Makes a notice for a dump of the whole server by a user that dumpArgs name (`account`; empty: none). The server silently leaves databases
 * that this user may not see out of its list (`listDatabases` with `authorizedDatabases`), so they would be missing. Empty for any other
 * dump.
 */
function hiddenDatabasesNotice({ databases }: DumpQuestion, account: string): string[] {
  return databases.length > 0 || account === ''
    ? []
    : [
        `mongodump takes the databases that user ${account} may see, and the server does not say which it hides: give it the role "backup", or name "databases"`,
      ]
}

/** An example of how to name an account, for messages. */
const LOGIN_ARGS = `dumpArgs: ["--username=NAME", "--password=\${DB_PASSWORD}", "--authenticationDatabase=admin"]`

/** Says what to write in the configuration after the tool failed with these words; `null` if they suggest nothing. */
function hintFor(words: string, { given }: DumpQuestion): string | null {
  if (
    /auth(entication)? (error|failed)|AuthenticationFailed|requires authentication|Unauthorized|not authorized/i.test(
      words,
    )
  )
    return given.password !== null
      ? 'look at the user, the password and --authenticationDatabase in dumpArgs, and give the user the role "backup"'
      : `the container's environment holds no password that is right: it sets only the first one, and a later change does not reach it. Write ${LOGIN_ARGS}`
  if (
    /connection refused|no reachable servers|server selection (error|timeout)|EOF|socket was unexpectedly closed/i.test(
      words,
    )
  )
    return 'say where the server listens: dumpArgs: ["--port=27018"], or with TLS ["--ssl", "--sslCAFile=FILE"]'
  return null
}
