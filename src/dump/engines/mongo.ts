/** MongoDB: `mongodump --archive`, and how an archive ends. */
import { InstanceError } from '../../errors.ts'
import { mongoArchive } from '../formats/mongoArchive.ts'
import { checkOf } from '../formats/text.ts'
import { type DumpPlan, type DumpQuestion, fileNameOf, saysWarning } from './contract.ts'
import { extractedNotice, extractPassword, extractUrlPassword } from './passwordArgs.ts'
import { argumentsInEnv, SECRET, TAKE_ARGUMENTS } from './script.ts'

/**
 * The password goes to the tool's stdin, where every version asks for it when there is a user and none was given.
 * `MARINA_ACCOUNT`: the user that dumpArgs name. Without one the image's own root account is taken, if it has one.
 */
const DUMP = `${SECRET}
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

const PASSWORD = { names: ['-p', '--password'], attached: /^(?:-p=?|--password=)(.+)$/s }
const ELSEWHERE = /^(-o|--out|--archive)/
/** Secrets that the tool takes on its command line alone. */
const BARE_SECRET = /^--(sslPEMKeyPassword|tlsCertificateKeyFilePassword|awsSessionToken)(=|$)/

/** How to dump a MongoDB server, or each of the named databases. */
export function mongoPlan(question: DumpQuestion): DumpPlan {
  const tool = 'mongodump'
  if (!question.tools.has(tool))
    throw new InstanceError('mongodump is not found in the container: install the MongoDB database tools in its image')
  const lifted = extractPassword(question.dumpArgs, PASSWORD)
  const uri = liftUri(lifted.args)
  const options = [...lifted.options, ...(uri.password === null ? [] : ['--uri'])]
  const password = lifted.password ?? uri.password
  const bad = uri.args.find((arg) => ELSEWHERE.test(arg) || BARE_SECRET.test(arg))
  if (bad !== undefined)
    throw new InstanceError(
      ELSEWHERE.test(bad)
        ? `dumpArgs has "${bad}", which makes ${tool} write elsewhere than into the backup: leave it out (--archive is ours)`
        : `dumpArgs has "${bad.replace(/=.*$/s, '')}", a secret that ${tool} would show in the process list: put it into a --config file in the container`,
    )
  const account = uri.user ?? accountOf(uri.args) ?? ''
  const call = (what: readonly string[]) => ({
    script: DUMP,
    args: [tool],
    env: {
      MARINA_ACCOUNT: account,
      ...(password === null ? {} : { MARINA_PASSWORD: password }),
      ...argumentsInEnv([...uri.args, ...what]),
    },
  })
  return {
    tool,
    files:
      question.databases.length === 0
        ? [{ ...call([]), database: null, name: 'dump.archive' }]
        : question.databases.map((database) => ({
            ...call([`--db=${database}`]),
            database,
            name: fileNameOf(database, '.archive'),
          })),
    notices: [...(options.length === 0 ? [] : [extractedNotice(options, tool)]), ...narrowNotice(question, account)],
    rights: null,
    isWarning: (line) =>
      !/\t(writing|done dumping|reading password|dumping up to) |\t\[[#.]+\]|^Enter password/.test(line) &&
      saysWarning(line),
    // --gzip compresses the whole archive
    wholeness: () => checkOf(mongoArchive),
  }
}

/** To list the databases, the server leaves out without a word what an account may not see (`listDatabases`, `authorizedDatabases`). */
function narrowNotice({ databases }: DumpQuestion, account: string): string[] {
  return databases.length > 0 || account === ''
    ? []
    : [
        `mongodump takes the databases that user ${account} may see, and the server does not say which it hides: give it the role "backup", or name "databases"`,
      ]
}

/** `--uri=…` or `--uri …`, which may be the first positional argument too. */
function liftUri(args: readonly string[]) {
  let password: string | null = null
  let user: string | null = null
  const kept = args.map((arg) => {
    const [, option = '', value = ''] = /^(--uri=)?(mongodb(?:\+srv)?:\/\/.*)$/s.exec(arg) ?? []
    const lifted = extractUrlPassword(value)
    if (lifted) {
      password = lifted.password
      user = lifted.user
      return option + lifted.url
    }
    const named = /^mongodb(?:\+srv)?:\/\/([^@/?]+)@/.exec(value)?.[1]
    if (named !== undefined) user = named
    return arg
  })
  return { args: kept, password: password as string | null, user: user as string | null }
}

function accountOf(args: readonly string[]): string | null {
  let account: string | null = null
  args.forEach((arg, i) => {
    const attached = /^(?:-u=?|--username=)(.+)$/s.exec(arg)?.[1]
    if (attached !== undefined) account = attached
    else if (arg === '-u' || arg === '--username') account = args[i + 1] ?? account
  })
  return account
}
