/** Knows MongoDB: the signs of its containers, the secrets in its arguments, its dump by `mongodump --archive`, and hints after a failure. */
import { InstanceError } from '../../errors.ts'
import {
  type DatabaseEngine,
  type DumpPlan,
  type DumpQuestion,
  fileNameOf,
  findTool,
  isIndented,
  saysWarning,
} from '../engineContract.ts'
import { mongoArchive } from '../formats/mongoArchive.ts'
import { checkByForm } from '../formats/text.ts'
import {
  decodePercent,
  extractSecrets,
  hideUrlPassword,
  type SecretCollector,
  splitUrlPassword,
} from '../secretArgs.ts'
import { isOwnCollection, planMongoAsk, planMongoCount } from './mongoCount.ts'
import { planMongoLoad, planMongoPresence } from './mongoLoad.ts'
import { accountOf, LOG_IN, loginEnv, NAME_ROOT } from './mongoLogin.ts'
import { judgeMongoOptions } from './mongoOptions.ts'
import { planMongoScratch } from './mongoScratch.ts'

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
  judgeOptions: judgeMongoOptions,
  tools: ['mongodump'],
  extractSecrets: (dumpArgs) => extractSecrets(dumpArgs, PASSWORD_SYNTAX, takeFromUri),
  plan: planMongo,
  loadTools: ['mongorestore', 'mongosh', 'mongo'],
  planLoad: planMongoLoad,
  planFiles: null,
  planCount: planMongoCount,
  planAsk: planMongoAsk,
  planPresence: planMongoPresence,
  isOwnTable: isOwnCollection,
  planScratch: planMongoScratch,
} satisfies DatabaseEngine

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

/** Dumps with `$1`, the tool. The password goes to its stdin, where every version asks for one if there is a user and no password. */
const DUMP_SCRIPT = `${LOG_IN}${NAME_ROOT}
if [ -z "$password" ]; then exec "$tool" --archive "$@"; fi
printf '%s\\n' "$password" | "$tool" --archive "$@"`

const OUTPUT_OPTION = /^(-o|--out|--archive)/

/** Plans the dump of a MongoDB server, or of each of the named databases. */
function planMongo(question: DumpQuestion): DumpPlan {
  const { given, databases } = question
  const tool = findTool(question.tools, ['mongodump'], 'the MongoDB database tools')
  refuseArgs(question, tool)
  const call = (what: readonly string[]) => ({
    script: DUMP_SCRIPT,
    args: [tool],
    env: loginEnv(question, [...given.args, ...what]),
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
    notices: hiddenDatabasesNotice(question, accountOf(given)),
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
