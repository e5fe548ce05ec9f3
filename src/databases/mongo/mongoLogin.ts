/** Knows how our scripts log in to a MongoDB server: by its tools, and by its shell. Pure. */
import type { ExtractedArgs } from '../engineContract.ts'
import { argumentsInEnv, optionValue, PRELUDE, serverArgs, TAKE_ARGUMENTS } from '../script.ts'

/**
 * Shell code that begins a script: it puts the arguments behind `$1`, the tool, and finds out `user` and `password`. `MARINA_ACCOUNT` and
 * `MARINA_PASSWORD` are those of dumpArgs. Without a user the root account is taken, if the container's environment has a password for it;
 * then `is_root` is `1`. That password also serves if dumpArgs name the root account without one.
 */
export const LOG_IN = `${PRELUDE}
user=$MARINA_ACCOUNT; unset MARINA_ACCOUNT
password=\${MARINA_PASSWORD-}; unset MARINA_PASSWORD
tool=$1; shift
${TAKE_ARGUMENTS}
root=$(secret MONGO_INITDB_ROOT_USERNAME MONGODB_ROOT_USER MONGODB_ROOT_USERNAME) || exit 1
root_password=$(secret MONGO_INITDB_ROOT_PASSWORD MONGODB_ROOT_PASSWORD) || exit 1
is_root=
if [ -z "$user" ] && [ -n "$root_password" ]; then user=\${root:-root} is_root=1; fi
if [ -z "$password" ] && [ "$user" = "\${root:-root}" ]; then password=$root_password; fi`

/** Shell code that names the root account to a tool, if `LOG_IN` has taken that account. */
export const NAME_ROOT = `
if [ -n "$is_root" ]; then set -- "--username=$user" --authenticationDatabase=admin "$@"; fi`

/** Matches arguments of dumpArgs that say how to reach the server. */
const REACH_OPTION = /^(-h|--host|--port|--uri|mongodb(\+srv)?:\/\/)/

export interface MongoServer {
  readonly given: ExtractedArgs
  /** Entrypoint and command of the container. */
  readonly command: readonly string[]
}

/** Returns the user that `dumpArgs` name; empty: none. */
export function accountOf(given: ExtractedArgs): string {
  return given.user ?? optionValue(given.args, '-u', '--username') ?? ''
}

/** Makes the environment of a script that begins with `LOG_IN`, with these arguments for its tool. */
export function loginEnv({ given, command }: MongoServer, args: readonly string[]): Record<string, string> {
  const reach = given.args.some((arg) => REACH_OPTION.test(arg)) ? [] : portOf(command)
  return {
    MARINA_ACCOUNT: accountOf(given),
    ...(given.password === null ? {} : { MARINA_PASSWORD: given.password }),
    ...argumentsInEnv([...reach, ...args]),
  }
}

/** Returns the port option if the server's command line sets a port; else empty. */
function portOf(command: readonly string[]): string[] {
  const port = optionValue(serverArgs(command, /^mongod$/), '--port')
  return port === null ? [] : [`--port=${port}`]
}

/** Options of the tools that say how to reach the server and its account, and take a value. */
const WITH_VALUE =
  /^(-h|--host|--port|--uri|-u|--username|--authenticationDatabase|--authenticationMechanism|--gssapi(ServiceName|HostName)|--ssl(CAFile|PEMKeyFile|CRLFile)|--config|--dialTimeout|--serverSelectionTimeout)$/
const ALONE = /^(--ssl|--tls|--ssl(AllowInvalidCertificates|AllowInvalidHostnames|FIPSMode)|--tlsInsecure)$/

/** Returns those of `dumpArgs` that say how to reach the server and its account, each as one word. */
export function connectionArgs(args: readonly string[]): readonly string[] {
  const kept: string[] = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    const [name = ''] = arg.split('=')
    if (ALONE.test(arg) || /^mongodb(\+srv)?:\/\//.test(arg)) kept.push(arg)
    else if (/^-[hu]./.test(arg))
      kept.push(`${arg.startsWith('-h') ? '--host' : '--username'}=${arg.slice(2).replace(/^=/, '')}`)
    else if (WITH_VALUE.test(name) && arg.includes('=')) kept.push(arg)
    else if (WITH_VALUE.test(name)) {
      kept.push(`${name === '-h' ? '--host' : name === '-u' ? '--username' : name}=${args[i + 1] ?? ''}`)
      i++
    }
  }
  return kept
}

/** The names that the shell has for options of the tools. */
const SHELL_NAMES: Readonly<Record<string, string>> = {
  '--ssl': '--tls',
  '--sslCAFile': '--tlsCAFile',
  '--sslPEMKeyFile': '--tlsCertificateKeyFile',
  '--sslCRLFile': '--tlsCRLFile',
  '--sslAllowInvalidCertificates': '--tlsAllowInvalidCertificates',
  '--sslAllowInvalidHostnames': '--tlsAllowInvalidHostnames',
}

/** The call of the shell: its arguments, and how the code that it runs logs in. */
export interface ShellLogin {
  readonly args: readonly string[]
  readonly authenticationDatabase: string
  readonly mechanism: string
}

/** Translates what `dumpArgs` say of the connection for `mongosh` and `mongo`. The code that they run logs in itself, so that no password is asked for. */
export function shellLogin(given: ExtractedArgs): ShellLogin {
  const kept = connectionArgs(given.args)
  const uri = kept.find((arg) => /^(--uri=)?mongodb(\+srv)?:\/\//.test(arg))?.replace('--uri=', '')
  const value = (name: string) => optionValue(kept, name)
  const query = new URLSearchParams(uri?.split('?')[1] ?? '')
  const path = /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]+)/.exec(uri ?? '')?.[1]
  const args = kept.flatMap((arg) => {
    if (/^(--uri=)?mongodb(\+srv)?:\/\//.test(arg)) return [arg.replace('--uri=', '').replace(/:\/\/[^/@]*@/, '://')]
    const [, name = '', rest = ''] = /^([^=]+)(.*)$/s.exec(arg) ?? []
    if (/^--(host|port|tls)/.test(name)) return [arg]
    const shellName = SHELL_NAMES[name]
    return shellName === undefined ? [] : [`${shellName}${rest}`]
  })
  return {
    args,
    authenticationDatabase: value('--authenticationDatabase') ?? query.get('authSource') ?? path ?? 'admin',
    mechanism: value('--authenticationMechanism') ?? query.get('authMechanism') ?? '',
  }
}
